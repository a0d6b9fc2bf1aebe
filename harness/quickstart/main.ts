import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cliOf } from '#harness/quickstart/cli';
import { screen } from '#harness/quickstart/screen';
import { type Surroundings, tour } from '#harness/quickstart/tour';
import {
  builtProgram,
  type ServerProcess,
  startServer,
  type StartingServer,
  stopLeftServer,
} from '#harness/server-process';

/** `npm run quickstart [-- --keep]`: a node in a directory of its own, and a tour of it through the command. */
const root = join(__dirname, '..', '..');
const directory = join(root, '.quickstart');
const data = join(directory, 'data');
const program = builtProgram(root);
const place = { program, data, log: join(directory, 'server.log') };

const main = async (words: readonly string[]): Promise<number> => {
  const unknown = words.find((word) => word !== '--keep');
  if (unknown !== undefined) {
    process.stderr.write(`quickstart: expected --keep or nothing, got ${unknown}\n`);
    return 2;
  }
  if (!existsSync(program)) {
    process.stderr.write('quickstart: the command is not built. Run `npm run build`, then this again.\n');
    return 1;
  }
  const keep = words.includes('--keep');
  screen.title('UltraCloud quickstart');
  const kept = await stopLeftServer(data);
  if (kept !== undefined) screen.say(`Stopped the node that an earlier run has kept (process ${kept}).`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });

  const waiting = (seconds: number): void => screen.say(`… not ready yet, after ${seconds} s`);
  let node: ServerProcess | undefined;
  let starting: StartingServer | undefined;
  const start = (): Promise<ServerProcess> => {
    starting = startServer(place);
    return starting.ready(waiting);
  };
  const onSignal = (): void => {
    // What is not ready yet must not stay behind either.
    void (starting?.kill() ?? Promise.resolve()).finally(() => process.exit(130));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  screen.say(`Starting a node on ${relative(process.cwd(), data) || '.'}, on free ports of this machine …`);
  try {
    node = await start();
    screen.done(
      `ready after ${Math.round(node.readyMs)} ms: ${node.endpoints.http} (HTTP), ${node.endpoints.etcd} (etcd)`,
    );
    const running = (): ServerProcess => {
      if (node === undefined) throw new Error('the server does not run');
      return node;
    };
    const seen = await walk({
      screen,
      cli: cliOf(program, data),
      directory,
      data,
      node: running,
      crash: async () => {
        await running().kill();
        return (node = await start());
      },
    });
    if (seen === undefined) return 1;
    if (!keep) {
      await running().stop();
      node = undefined;
      const verified = await verify();
      if (verified === undefined) return 1;
      seen.push(verified);
    }
    summary(seen, keep ? running() : undefined);
    if (keep) node = undefined;
    return 0;
  } catch (error) {
    screen.failed(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await node?.kill();
  }
};

/** What was seen, a line for each step; undefined when a step failed. */
const walk = async (around: Surroundings): Promise<string[] | undefined> => {
  const seen: string[] = [];
  for (const [at, step] of tour.entries()) {
    screen.title(`${at + 1}. ${step.title}`);
    try {
      const found = await step.run(around);
      if (found === undefined) continue;
      screen.done(found);
      seen.push(found);
    } catch (error) {
      screen.failed(error instanceof Error ? error.message : String(error));
      screen.say(`What the server said is in ${relative(process.cwd(), place.log)}.`);
      return undefined;
    }
  }
  return seen;
};

const verify = async (): Promise<string | undefined> => {
  screen.title(`${tour.length + 1}. Decide the whole history again, and compare`);
  const { exitCode, stdout, stderr } = await cliOf(program, data).run(['log', 'verify']);
  screen.transcript('ultracloud log verify', `${stdout}\n${stderr}`);
  if (exitCode !== 0) {
    screen.failed(`expected exit code 0, got ${exitCode}`);
    return undefined;
  }
  const found = 'the history, decided again, came to the same hash';
  screen.done(found);
  return found;
};

const summary = (seen: readonly string[], node: ServerProcess | undefined): void => {
  const shown = relative(process.cwd(), data) || '.';
  screen.title('What you have seen');
  for (const each of seen) screen.say(`- ${each}`);
  if (node === undefined) {
    screen.title('Next');
    screen.say('npm run quickstart -- --keep                    the same, and leave the node running');
    screen.say('npx ultracloud serve --data ./data              a node of your own');
    screen.say('npx ultracloud --data ./data kv put hello you   and talk to it');
    screen.say('npx ultracloud --help, README.md, docs/         all the rest');
    return;
  }
  screen.title('It is left running');
  screen.say(`HTTP   ${node.endpoints.http}   (browse ${node.endpoints.http}/docs)`);
  screen.say(`etcd   ${node.endpoints.etcd}   (user root, the token as password)`);
  screen.say(`token  ${join(shown, 'admin.token')}`);
  screen.say('');
  screen.say('Talk to it:');
  screen.say(`  export ULTRACLOUD_DATA=${data}`);
  screen.say('  npx ultracloud status');
  screen.say('  npx ultracloud kv list');
  screen.say('  npx ultracloud top');
  screen.say('Stop it:');
  screen.say(`  kill ${node.pid}`);
};

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
