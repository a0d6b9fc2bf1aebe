import type { Json } from '#commands/codec/codec';
import { isObject } from '#aggregates/flaredb/index-key';

/** RFC 7396. The result is canonical when both are: its properties come in code unit order. */
export const mergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch;
  const former = isObject(target) ? target : {};
  const merged: Record<string, Json> = {};
  for (const name of [...new Set([...Object.keys(former), ...Object.keys(patch)])].sort()) {
    const change = Object.hasOwn(patch, name) ? patch[name] : undefined;
    const kept = Object.hasOwn(former, name) ? former[name] : undefined;
    if (change === null) continue;
    const value = change === undefined ? kept : mergePatch(kept, change);
    if (value !== undefined) merged[name] = value;
  }
  return merged;
};
