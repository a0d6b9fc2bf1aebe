import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operations } from '#gateways/node';
import type { DataDirectory } from '#gateways/server/data-directory';

const HOUR_MS = 3_600_000;
const CHECK_MS = 60_000;

/** Names of backups that the schedule made; only these does it delete. */
const scheduled = 'scheduled-';

/** Takes a backup when the newest scheduled one is old enough, then deletes all but the newest. */
export const startBackups = (
  operations: Operations,
  data: DataDirectory,
  options: { readonly backupEveryHours?: number; readonly backupKeep?: number },
  say: (line: string) => void,
): (() => void) => {
  const { backupEveryHours, backupKeep = 7 } = options;
  if (backupEveryHours === undefined) return () => undefined;
  let running = false;
  const check = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      const own = (await operations.listBackups()).filter(({ name }) => name.startsWith(scheduled));
      const newestMs = Math.max(0, ...own.map(({ takenAt }) => Date.parse(takenAt)));
      if (Date.now() - newestMs < backupEveryHours * HOUR_MS) return;
      const name = `${scheduled}${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
      const backup = await operations.createBackup(name);
      say(`backup ${backup.name}: ${backup.rows} rows at position ${backup.position}`);
      const old = own.sort((a, b) => a.position - b.position).slice(0, Math.max(0, own.length + 1 - backupKeep));
      for (const { name: expired } of old) await rm(join(data.backupPath, expired), { recursive: true });
    } catch (error) {
      say(`warning: the scheduled backup failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      running = false;
    }
  };
  void check();
  const timer = setInterval(() => void check(), Math.min(CHECK_MS, backupEveryHours * HOUR_MS)).unref();
  return () => clearInterval(timer);
};
