import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '#harness/linearizability/history';
import { Lost, Refused, type KeyClient } from '#harness/linearizability/key-client';
import type { KeyAction } from '#harness/linearizability/key-model';
import { randomOf, type Random } from '#harness/simulator/random';

export interface Recording {
  readonly clients: readonly KeyClient[];
  /** Asked for each operation. A key that is used for too long has too many orders to try. */
  readonly keys: () => readonly string[];
  readonly seed: number;
  /** Asked before each operation with how many have been begun; false ends the recording. */
  readonly goOn: (begun: number) => boolean | Promise<boolean>;
}

/** How often a write names its request and is sent again until it is answered. */
const REPEATED = 0.4;
const PAUSE_MS = 20;
const MOST_TRIES = 1_500;

/** Lets all clients work on few keys at once, each on one thing at a time, and writes down what they are told. */
export const record = async ({ clients, keys, seed, goOn }: Recording): Promise<readonly Operation<KeyAction>[]> => {
  const history: Operation<KeyAction>[] = [];
  let moment = 0;
  let begun = 0;
  const work = async (client: KeyClient, number: number): Promise<void> => {
    const random = randomOf(seed * 1_000 + number);
    while (await goOn(begun++)) {
      const name = `${seed}.${number}.${begun}`;
      const key = random.pick(keys());
      const action = drawAction(random, name, history);
      const requestId = action.kind !== 'get' && random.chance(REPEATED) ? `r${name}` : undefined;
      const from = ++moment;
      const answer = await answerTo(client, key, action, requestId);
      if (answer === 'nothing happened') continue;
      const until = answer === undefined ? Infinity : ++moment;
      history.push({ client: number, key, action, answer, from, until });
    }
  };
  await Promise.all(clients.map(work));
  return history;
};

/** Undefined: nobody knows. A request with a name is sent until there is an answer. */
const answerTo = async (
  client: KeyClient,
  key: string,
  action: KeyAction,
  requestId: string | undefined,
): Promise<string | undefined> => {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      return await client.run(key, action, requestId);
    } catch (error) {
      if (!(error instanceof Lost || error instanceof Refused)) throw error;
      if (error instanceof Lost && requestId === undefined) return undefined;
      await sleep(PAUSE_MS);
      if (requestId === undefined) return 'nothing happened';
    }
  }
  throw new Error(`no answer to ${JSON.stringify(action)} of ${key} after ${MOST_TRIES} tries`);
};

const drawAction = (random: Random, name: string, history: readonly Operation<KeyAction>[]): KeyAction => {
  const kind = random.pick(['get', 'get', 'put', 'put', 'swap', 'swap', 'delete'] as const);
  switch (kind) {
    case 'get':
    case 'delete':
      return { kind };
    case 'put':
      return { kind, value: `v${name}` };
    case 'swap':
      return { kind, expected: expectedValue(random, history), value: `s${name}` };
  }
};

/** Something that was written a moment ago, so that some swaps win. */
const expectedValue = (random: Random, history: readonly Operation<KeyAction>[]): string | undefined => {
  const recent = history.slice(-8).flatMap(({ action }) => ('value' in action ? [action.value] : []));
  return recent.length === 0 || random.chance(0.2) ? undefined : random.pick(recent);
};
