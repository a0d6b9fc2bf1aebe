import { parseArgs } from 'node:util';
import { catalog } from '#gateways/catalog';
import { simulate } from '#harness/simulator/simulation';

const { values } = parseArgs({ options: { seed: { type: 'string' }, steps: { type: 'string' } } });
const seed = Number(values.seed ?? 1);
const steps = Number(values.steps ?? 5_000);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(steps) || steps < 1) {
  process.stderr.write('usage: npm run simulate -- --seed N [--steps M], both whole numbers\n');
  process.exitCode = 2;
} else {
  const run = simulate(catalog, seed, steps);
  const { accepted, rejected, duplicates, positions, hash } = run;
  if (run.broken === undefined) {
    process.stdout.write(
      `seed ${seed}: ${steps} steps, ${positions} positions, ${accepted} accepted, ${rejected} rejected, ` +
        `${duplicates} repeated, hash ${hash.slice(0, 16)}\n`,
    );
  } else {
    process.stdout.write(`seed ${seed}: broken at step ${run.broken.step}: ${run.broken.invariant}\n`);
    process.exitCode = 1;
  }
}
