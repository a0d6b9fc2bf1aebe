import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from '#log/component';
import type { LogEntry } from '#log/log';
import { goldenLogOf, writtenGolden } from '#harness/golden/golden-log';

export type Sources = Readonly<Record<string, () => readonly LogEntry[]>>;

/**
 * Writes the golden logs that are not there yet; gives their names. Those that are there are written anew only when
 * `anew` is set: that breaks every cluster whose log was decided by an earlier release.
 */
export const recordGoldenLogs = (
  directory: string,
  sources: Sources,
  components: readonly Component[],
  { anew }: { readonly anew: boolean },
): readonly string[] => {
  mkdirSync(directory, { recursive: true });
  const wanted = Object.entries(sources).filter(([name]) => anew || !existsSync(join(directory, name)));
  for (const [name, source] of wanted) {
    writeFileSync(join(directory, name), writtenGolden(goldenLogOf(components, source())));
  }
  return wanted.map(([name]) => name);
};
