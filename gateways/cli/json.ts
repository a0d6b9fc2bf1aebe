/** Reading answers whose fields may be missing: a server of another release answers too. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (u: unknown): u is JsonObject => typeof u === 'object' && u !== null && !Array.isArray(u);

/** A dotted path into objects, as in `spec.cpuCount`. */
export const at = (u: unknown, path: string): unknown => {
  let found = u;
  for (const name of path.split('.')) {
    if (!isObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
};

export const textAt = (u: unknown, path: string): string | undefined => {
  const found = at(u, path);
  return typeof found === 'string' ? found : undefined;
};

export const numberAt = (u: unknown, path: string): number | undefined => {
  const found = at(u, path);
  return typeof found === 'number' ? found : undefined;
};

export const listAt = (u: unknown, path: string): readonly unknown[] => {
  const found = at(u, path);
  return Array.isArray(found) ? found : [];
};

/** Undefined when it is not JSON. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The bytes of a property that is written as `p` or `pBase64`; undefined when neither is there. */
export const bytesAt = (u: unknown, name: string): Buffer | undefined => {
  const text = textAt(u, name);
  if (text !== undefined) return Buffer.from(text, 'utf8');
  const base64 = textAt(u, `${name}Base64`);
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
};
