import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answering } from '#harness/scenarios/answering';
import { onStage, type Stage } from '#harness/scenarios/stage';
import { builtProgram, startProgram, type StartedProgram } from '#harness/server-process';

// Other work may share the machine.
jest.setTimeout(180_000);

const program = builtProgram(join(__dirname, '..', '..'));

interface Seen {
  readonly phase: string;
  readonly epoch: number;
  readonly capacity?: { readonly cpuCount: number };
}

const operator = (stage: Stage) => {
  const done = async (...words: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await stage.cli(...words);
    expect({ words, exitCode, stderr }).toMatchObject({ words, exitCode: 0 });
    return stdout;
  };
  const host = async (): Promise<Seen> => JSON.parse(await done('host', 'get', 'node1', '-o', 'json')) as Seen;
  const reached = async (phase: string): Promise<Seen> => {
    for (let tries = 0; ; tries++) {
      const seen = await host();
      if (seen.phase === phase) return seen;
      if (tries > 300) throw new Error(`the host is not ${phase}: ${JSON.stringify(seen)}`);
      await sleep(200);
    }
  };
  return { done, host, reached };
};

/** Agents of a stage, which do not outlive it. */
const agents = (stage: Stage) => {
  let count = 0;
  return (directory: string, ...flags: readonly string[]): StartedProgram => {
    const log = join(stage.directory, `agent-${count++}.log`);
    const agent = startProgram([process.execPath, program, 'host', 'run', '--data', directory, ...flags], log);
    stage.after(() => agent.signal('SIGKILL'));
    return agent;
  };
};

const says = async (agent: StartedProgram, words: string): Promise<void> => {
  for (let tries = 0; !agent.output().includes(words); tries++) {
    if (tries > 300) throw new Error(`nobody says "${words}":\n${agent.output()}`);
    await sleep(100);
  }
};

test('a machine is asked in, is heard of through restarts, is lost and comes back', () =>
  onStage(async (stage) => {
    const first = stage.begin({ flags: ['--tls'] });
    const { http } = await answering(stage, first);
    const { done, host, reached } = operator(stage);
    const start = agents(stage);
    const [directory, invitation] = [join(stage.directory, 'host'), join(stage.directory, 'invitation')];

    await done('host', 'create', 'node1', '--ttl-seconds', '5');
    writeFileSync(invitation, await done('host', 'invite', 'node1'));
    const agent = start(directory, '--endpoint', http, '--invitation', invitation);
    const { epoch } = await reached('up');
    expect(epoch).toBeGreaterThan(0);
    await says(agent, 'host/node1 is up');
    expect((await host()).capacity?.cpuCount).toBeGreaterThan(0);
    for (const name of ['', 'host.pem', 'host.json']) {
      expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
    }
    // Heartbeats enter no log.
    const position = async (): Promise<unknown> =>
      (JSON.parse(await done('status', '-o', 'json')) as { position: unknown }).position;
    const before = await position();
    await sleep(6_000);
    expect(await position()).toBe(before);
    expect(await host()).toMatchObject({ phase: 'up', epoch });

    // The control plane goes and comes back: nothing is lost, since it waits a whole life anew.
    await first.kill();
    await says(agent, 'Trying again');
    await answering(stage, stage.begin({ flags: ['--tls', '--http', new URL(http).host] }));
    await says(agent, 'answers again');
    expect(await host()).toMatchObject({ phase: 'up', epoch });

    // The agent is killed and started again within its time: the same epoch goes on, and no invitation is needed.
    await agent.kill();
    const second = start(directory);
    await says(second, `is up at ${http}, in epoch ${epoch}`);

    // It is stopped for longer, and is told when it goes on.
    second.signal('SIGSTOP');
    await reached('lost');
    second.signal('SIGCONT');
    expect((await reached('up')).epoch).toBeGreaterThan(epoch);
    await says(second, 'was counted as lost');

    expect(await second.stop()).toMatchObject({ exitCode: 0 });
    await reached('lost');
    await done('host', 'delete', 'node1');
    const third = start(directory);
    expect(await third.ended).toMatchObject({ exitCode: 6 });
    expect(third.output()).toContain('host/node1 is refused');
  }));

test('a machine shows its invitation to nobody but the cluster that it is from', () =>
  onStage(async (stage) => {
    const { http } = await answering(stage, stage.begin({ flags: ['--tls'] }));
    const { done } = operator(stage);
    const start = agents(stage);
    await done('host', 'create', 'node1');
    const token = (await done('host', 'invite', 'node1')).trim();
    const other = join(stage.directory, 'other');
    const tried = async (invitation: string, endpoint = http): Promise<string> => {
      writeFileSync(other, invitation);
      const agent = start(join(stage.directory, 'host'), '--endpoint', endpoint, '--invitation', other);
      expect((await agent.ended).exitCode).not.toBe(0);
      return agent.output();
    };
    const foreign = token.replace(/_[0-9a-f]{64}_/, `_${'0'.repeat(64)}_`);
    expect(await tried(foreign)).toContain('is not of the cluster that has invited this machine');
    expect(await tried('uch_node1')).toContain('This is no invitation.');
    expect(await tried(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)).toContain('host.uninvited');
    expect(await tried(token, 'http://127.0.0.1:1')).toContain('--endpoint: expected a URL such as https://');
    writeFileSync(other, token);
    const agent = start(join(stage.directory, 'host'), '--endpoint', http, '--invitation', other);
    await says(agent, 'host/node1 is up');
  }));
