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
  void simulate(catalog, seed, steps).then(({ accepted, rejected, duplicates, positions, crashes, digest, broken }) => {
    if (broken === undefined) {
      process.stdout.write(
        `seed ${seed}: ${steps} steps, ${positions} positions, ${accepted} accepted, ${rejected} rejected, ` +
          `${duplicates} repeated, ${crashes} crashes, rows ${digest.slice(0, 16)}\n`,
      );
    } else {
      process.stdout.write(`seed ${seed}: broken at step ${broken.step}: ${broken.invariant}\n`);
      process.exitCode = 1;
    }
  });
}
