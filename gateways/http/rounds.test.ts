import { setTimeout as sleep } from 'node:timers/promises';
import { openRounds } from '#gateways/http/rounds';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the first round comes in the next turn', async () => {
  const done: string[] = [];
  openRounds().join(() => done.push('one'));
  expect(done).toEqual([]);
  await turn();
  expect(done).toEqual(['one']);
});

test('what asks many times works once a round, and again in a later one', async () => {
  const rounds = openRounds();
  let count = 0;
  const work = (): void => void count++;
  for (let times = 0; times < 100; times++) rounds.join(work);
  await turn();
  expect(count).toBe(1);
  rounds.join(work);
  rounds.join(work);
  while (count < 2) await sleep(1);
  await sleep(20);
  expect(count).toBe(2);
});

test('many works leave turns to others in between, and whoever asks meanwhile waits for the next round', async () => {
  const rounds = openRounds();
  const total = 100;
  const order: string[] = [];
  const works = Array.from({ length: total }, (_, at) => (): void => {
    order.push(`work ${at}`);
    if (at === 0) rounds.join(() => order.push('late'));
  });
  for (const work of works) rounds.join(work);
  while (!order.includes('late')) {
    await turn();
    order.push('turn');
  }
  const first = order.findIndex((name) => name === 'turn');
  expect(first).toBeLessThan(total / 2);
  expect(order.filter((name) => name.startsWith('work'))).toHaveLength(total);
  expect(order.indexOf('late')).toBeGreaterThan(order.indexOf(`work ${total - 1}`));
});
