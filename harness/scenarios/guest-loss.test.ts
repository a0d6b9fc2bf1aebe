import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupVersion } from '#gateways/host/guest/cgroup';
import { closeGuestHost, type GuestHost } from '#gateways/host/guest/guest-host';
import { type GuestPhase, observe, observeAll, watchGuest } from '#gateways/host/guest/observation';
import { placesOf } from '#gateways/host/guest/places';
import { prepareGuest, resetGuest, startGuest, stopGuest } from '#gateways/host/guest/power';
import { qemusBelow } from '#gateways/host/guest/qemu-process';
import { leftovers, removeGuest, removeLeftovers } from '#gateways/host/guest/leftover';
import { until } from '#gateways/host/guest/waiting';
import { startKeeper } from '#harness/scenarios/guest-keeping';
import { boot, describeGuests, guestStage, PATIENCE_MS, said, type Stage, typed } from '#harness/scenarios/guest-stage';

jest.setTimeout(2 * PATIENCE_MS);

const pidOf = async (host: GuestHost, id: string): Promise<number> => {
  const { pid } = await observe(host, id);
  if (pid === undefined) throw new Error(`${id} has no process`);
  return pid;
};

/** Phases in the order in which a watcher heard of them. */
const watched = (host: GuestHost, id: string): { readonly phases: GuestPhase[]; stop(): void } => {
  const phases: GuestPhase[] = [];
  return { phases, stop: watchGuest(host, id, 200, ({ phase }) => phases.push(phase)) };
};

const heard = (phases: readonly GuestPhase[], phase: GuestPhase): Promise<true> =>
  until(`${phase} after ${phases.join(', ')}`, PATIENCE_MS, () => (phases.at(-1) === phase ? true : undefined));

describeGuests('a guest that is lost', () => {
  let stage: Stage;
  beforeAll(() => void (stage = guestStage()));
  afterAll(async () => expect(await stage.clear()).toEqual([]));

  test('its QEMU is killed, and stands still', async () => {
    const host = stage.open('a', { deadlines: { answerMs: 2_000 } });
    const spec = stage.spec('shop/web1');
    await boot(host, spec);
    const { phases, stop } = watched(host, spec.id);
    await heard(phases, 'running');
    process.kill(await pidOf(host, spec.id), 'SIGKILL');
    await heard(phases, 'lost');

    // It is lost for as long as nobody does anything about it.
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'lost' });
    await prepareGuest(host, { ...spec, generation: 2 });
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'lost' });
    await startGuest(host, { ...spec, generation: 2 });
    await heard(phases, 'running');

    // An older word is not heard any more, whatever it asks for.
    await expect(stopGuest(host, spec, 0)).rejects.toMatchObject({ code: 'stale' });
    await expect(prepareGuest(host, { ...spec, uid: 'two', generation: 9 })).rejects.toMatchObject({ code: 'stale' });
    await expect(removeGuest(host, { ...spec, epoch: 0 }, true)).rejects.toMatchObject({ code: 'stale' });

    const newest = { ...spec, generation: 2 };
    const pid = await pidOf(host, spec.id);
    process.kill(pid, 'SIGSTOP');
    await heard(phases, 'hung');
    process.kill(pid, 'SIGCONT');
    await heard(phases, 'running');
    process.kill(pid, 'SIGSTOP');
    expect(await stopGuest(host, newest, 10_000)).toBe('power');
    await heard(phases, 'stopped');
    stop();
    await removeGuest(host, newest, true);
  });

  test('its driver is killed, and another takes over', async () => {
    const spec = stage.spec('shop/adopted');
    const host = stage.open('b');
    const keeper = await startKeeper(stage, host.root, spec);
    await keeper.kill();

    const [seen] = await observeAll(host);
    expect(seen).toMatchObject({ id: spec.id, phase: 'running' });
    const pid = seen?.pid;
    await startGuest(host, spec);
    expect(await pidOf(host, spec.id)).toBe(pid);
    await said(host, spec.id, /^ready /m);
    expect(await typed(host, spec.id, 'hostname')).toBe('shop-adopted');

    // Killed between starting QEMU and writing that down: the process is found by what it was started with.
    const { record } = placesOf(host.root, spec.id);
    writeFileSync(record, JSON.stringify({ version: 1, spec, run: { phase: 'starting', incoming: false } }));
    closeGuestHost(host);
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'running', pid });

    // Another process with the number of the old one is not taken for it.
    const notIts = { pid: process.pid, startTicks: 1, bootId: 'another' };
    writeFileSync(
      record,
      JSON.stringify({ version: 1, spec, run: { phase: 'started', incoming: false, process: notIts } }),
    );
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'running', pid });

    await resetGuest(host, spec);
    expect(leftovers(host, [spec.id])).toEqual([]);
    const foreign = join(host.root, 'unknown-folder');
    mkdirSync(foreign);
    chmodSync(foreign, 0o700);
    const grouped = process.getuid?.() === 0 && cgroupVersion() > 0 ? ['group'] : [];
    expect(leftovers(host, []).map(({ kind }) => kind)).toEqual(['process', 'folder', 'folder', ...grouped]);
    await removeLeftovers(host, leftovers(host, []));
    expect(leftovers(host, [])).toEqual([]);
    expect(qemusBelow(host.root)).toEqual([]);
  });
});
