import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type Claim, claim, type Place, queueOf, untilHeld } from '#gateways/cli/claim';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure, timedOut, usage } from '#gateways/cli/failure';
import { framesFrom } from '#gateways/cli/follow';
import type { Call, Flag, Verb } from '#gateways/cli/verb';

const ttl: Flag = {
  name: 'ttl',
  metavar: '<time>',
  summary: 'How long it stays held when this program dies; 60s unless given.',
};

export const lock: Verb = {
  words: ['lock'],
  summary: 'Take a lock, waiting for who holds it, and hold it while a command runs or until interrupted.',
  about:
    'The command finds the fencing token in ULTRACLOUD_FENCING_TOKEN: what it changes should refuse a smaller one. ' +
    'Waits ' +
    'for ever unless --timeout is given. The keys are those of etcdctl’s locks.',
  arguments: [
    { name: 'name', summary: 'The name of the lock.', required: true },
    { name: 'command', summary: 'After --: what runs while it is held.', required: false, rest: true },
  ],
  flags: [ttl],
  examples: [
    { title: 'Never two at once.', line: 'ultracloud lock nightly -- ./nightly.sh' },
    { title: 'Until Ctrl-C.', line: 'ultracloud lock maintenance' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const [command, ...args] = words.rest();
    return whileHeld(call, words.argument('name') ?? '', '', async (held, stop) => {
      if (command !== undefined) return runCommand(call, held, stop, command, args);
      show(call, held);
      await aborted(stop);
      session.note('Released.');
      return exitCodes.done;
    });
  },
};

export const elect: Verb = {
  words: ['elect'],
  summary: 'Stand for election, waiting for who leads, and lead until interrupted.',
  arguments: [
    { name: 'name', summary: 'The name of the election.', required: true },
    { name: 'value', summary: 'What the leader is known by.', required: false },
  ],
  flags: [ttl, { name: 'listen', short: 'l', summary: 'Only tell who leads, and each who leads after.' }],
  examples: [
    { title: 'Lead.', line: 'ultracloud elect scheduler node-1' },
    { title: 'Who leads?', line: 'ultracloud elect scheduler --listen' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const name = nameOf(words.argument('name') ?? '');
    const value = words.argument('value');
    if (words.on('listen')) {
      if (value !== undefined) throw usage('VALUE: expected nothing beside --listen.');
      return listen(call, name);
    }
    if (value === undefined) throw usage('VALUE: expected what the leader is known by, got nothing.', 'Or --listen.');
    return whileHeld(call, name, value, async (held, stop) => {
      show(call, held, value);
      await aborted(stop);
      session.note('Resigned.');
      return exitCodes.done;
    });
  },
};

/** Runs `work` while the name is held. A signal, or losing the lease, aborts `stop`. */
const whileHeld = async (
  call: Call,
  name: string,
  value: string,
  work: (held: Claim, stop: AbortSignal) => Promise<number>,
): Promise<number> => {
  const { session, words } = call;
  const ttlSeconds = Math.ceil((words.duration('ttl') ?? 60_000) / 1000);
  if (ttlSeconds < 1) throw usage('--ttl: expected at least a second.');
  const interrupted = session.terminal.interrupted();
  const client = await session.client();
  const held = await claim(client, nameOf(name), value, ttlSeconds);
  const deadline = session.settings.timeoutMs === undefined ? [] : [AbortSignal.timeout(session.settings.timeoutMs)];
  try {
    const progress = session.progress(`waiting for ${name}`);
    const stopWaiting = AbortSignal.any([interrupted, held.lost, ...deadline]);
    await untilHeld(client, name, held, stopWaiting, ({ key }) =>
      progress.update(`waiting for ${name}, held by ${key}`),
    ).finally(() => progress.done());
    if (interrupted.aborted) return interruptedCode;
    if (held.lost.aborted) throw lost(name);
    if (stopWaiting.aborted) {
      throw timedOut(
        `${name} was not free within ${(session.settings.timeoutMs ?? 0) / 1000} s.`,
        'Wait longer with --timeout.',
      );
    }
    const code = await work(held, AbortSignal.any([interrupted, held.lost]));
    if (held.lost.aborted) throw lost(name);
    return code;
  } finally {
    await held.release();
  }
};

/** As a shell tells that a program ended by SIGINT. */
const interruptedCode = 130;

const lost = (name: string): Failure =>
  new Failure({
    code: 'lease.lost',
    category: 'unavailable',
    message: `The lease could not be renewed in time, so ${name} may be held by someone else.`,
    fix: 'Look at the server with `ultracloud doctor`, and take a longer --ttl.',
  });

const nameOf = (name: string): string => {
  if (name !== '' && Buffer.byteLength(name) <= 1000) return name;
  throw usage('NAME: expected text of 1 to 1,000 bytes.');
};

const show = ({ session }: Call, held: Claim, value?: string): void => {
  const { key, createPosition, lease } = held;
  const json = { key, fencingToken: createPosition, lease, ...(value === undefined ? {} : { value }) };
  session.show({ json, table: () => session.fields(json), names: () => [key] });
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      // An abort listener alone does not keep the process alive.
      const timer = setInterval(() => undefined, 60_000);
      signal.addEventListener('abort', () => {
        clearInterval(timer);
        resolve();
      });
    }
  });

const runCommand = (
  { session }: Call,
  { key, createPosition }: Claim,
  stop: AbortSignal,
  command: string,
  args: readonly string[],
): Promise<number> =>
  new Promise((resolve, reject) => {
    const env = {
      ...session.terminal.environment,
      ULTRACLOUD_FENCING_TOKEN: String(createPosition),
      ULTRACLOUD_LOCK_KEY: key,
    };
    const child = spawn(command, args, { stdio: 'inherit', env });
    const onStop = (): void => void child.kill('SIGTERM');
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop);
    child.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      reject(usage(`${command}: cannot be run (${code}).`));
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });

const listen = async ({ session }: Call, name: string): Promise<number> => {
  const client = await session.client();
  const signal = session.terminal.interrupted();
  let told: Place | undefined;
  const tell = (leader: Place | undefined): void => {
    if (leader?.createPosition === told?.createPosition && leader?.value === told?.value) return;
    told = leader;
    if (leader === undefined) return session.note(`Nobody leads ${name}.`);
    session.show({
      json: { key: leader.key, value: leader.value, createPosition: leader.createPosition },
      table: () => `${leader.key}  ${leader.value}`,
      names: () => [leader.key],
    });
  };
  const { position, places } = await queueOf(client, name);
  if (places.length === 0) session.note(`Nobody leads ${name} yet.`);
  tell(places[0]);
  const query = { prefix: `${name}/` };
  for await (const frame of framesFrom(client, '/v1/keys', query, position, session.timeoutMs, signal)) {
    if (typeof frame === 'object' && frame !== null && 'events' in frame) tell((await queueOf(client, name)).places[0]);
  }
  return exitCodes.done;
};
