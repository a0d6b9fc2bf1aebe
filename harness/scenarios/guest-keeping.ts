import { spawn } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { GuestSpec } from '#gateways/host/guest/guest-spec';
import { until } from '#gateways/host/guest/waiting';
import { PATIENCE_MS, type Stage } from '#harness/scenarios/guest-stage';

/** A driver in a process of its own that has started a guest. */
export interface Keeper {
  /** Ends it as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Lets a driver of its own start a guest; `through` is put before its command line, as in `ip netns exec a`. */
export const startKeeper = async (
  stage: Stage,
  root: string,
  spec: GuestSpec,
  through: readonly string[] = [],
): Promise<Keeper> => {
  const bundle = join(stage.folder, 'keeper.cjs');
  if (!existsSync(bundle)) {
    buildSync({
      entryPoints: [join(__dirname, 'guest-keeper.ts')],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      conditions: ['ultracloud-source'],
    });
    chmodSync(bundle, 0o644);
  }
  const file = join(stage.folder, `${spec.id.replace('/', '-')}.json`);
  writeFileSync(file, JSON.stringify(spec), { mode: 0o644 });
  const [program = '', ...args] = [...through, process.execPath, bundle, root, file];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the driver to start the guest', PATIENCE_MS, () => {
    if (child.exitCode !== null) throw new Error(`the driver ended with ${child.exitCode}`);
    return output.includes('started') ? true : undefined;
  });
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
