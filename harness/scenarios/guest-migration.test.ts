import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestHost } from '#gateways/host/guest/guest-host';
import { isGuestFailure } from '#gateways/host/guest/guest-failure';
import type { GuestSpec } from '#gateways/host/guest/guest-spec';
import {
  endSource,
  guestReceived,
  type MigrationProgress,
  receiveGuest,
  reclaimGuest,
  sendGuest,
} from '#gateways/host/guest/migration';
import { observe } from '#gateways/host/guest/observation';
import { prepareGuest, startGuest, stopGuest } from '#gateways/host/guest/power';
import { removeGuest } from '#gateways/host/guest/leftover';
import { until } from '#gateways/host/guest/waiting';
import { boot, counted, describeGuests, guestStage, PATIENCE_MS, type Stage } from '#harness/scenarios/guest-stage';

jest.setTimeout(4 * PATIENCE_MS);

const anywhere = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
const patient = { timeoutMs: PATIENCE_MS, downtimeMs: 300 };

/** How many of the numbers 0, 1, 2 … a disk holds without a gap, each in the sector of its number. */
const writtenOn = (file: string, raw: string): number => {
  execFileSync('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', file, raw]);
  const content = readFileSync(raw);
  let n = 0;
  while (content.toString('latin1', n * 512, n * 512 + 511).trim() === String(n)) n++;
  return n;
};

describeGuests('a migration', () => {
  let stage: Stage;
  let source: GuestHost;
  let destination: GuestHost;
  let spec: GuestSpec;
  const counts = (host: GuestHost, beyond: number): Promise<true> =>
    until(`the count to pass ${beyond}`, PATIENCE_MS, () => (counted(host, spec.id) > beyond ? true : undefined));
  const phases = async (): Promise<readonly string[]> => [
    (await observe(source, spec.id)).phase,
    (await observe(destination, spec.id)).phase,
  ];

  beforeAll(async () => {
    stage = guestStage();
    [source, destination] = [stage.open('a'), stage.open('b')];
    spec = stage.spec('shop/count', 'uc.count=data', { disks: [stage.disk('data', 0)] });
    await boot(source, spec);
    await counts(source, 2);
  });
  afterAll(async () => expect(await stage.clear()).toEqual([]));

  test('that is cancelled leaves the guest where it was', async () => {
    await prepareGuest(destination, spec);
    const to = await receiveGuest(destination, spec, anywhere);
    expect(await receiveGuest(destination, spec, anywhere)).toEqual(to);
    const cancel = new AbortController();
    const seen: MigrationProgress[] = [];
    const slow = {
      ...patient,
      bytesPerSecond: 200_000,
      signal: cancel.signal,
      progress: (progress: MigrationProgress) => {
        seen.push(progress);
        cancel.abort();
      },
    };
    await expect(sendGuest(source, spec, to, slow)).rejects.toThrow(/cancelled/);
    expect(seen[0]?.totalBytes).toBeGreaterThan(spec.memoryBytes / 2);
    await counts(source, counted(source, spec.id));
    await stopGuest(destination, spec, 0);
    expect(await phases()).toEqual(['running', 'stopped']);
  });

  test('whose destination is killed, or stands still, leaves it too', async () => {
    const killed = await receiveGuest(destination, spec, anywhere);
    const { pid = 0 } = await observe(destination, spec.id);
    const failing = sendGuest(source, spec, killed, {
      ...patient,
      bytesPerSecond: 200_000,
      progress: () => {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was killed the last time.
        }
      },
    });
    await expect(failing).rejects.toThrow(/failed/);
    await expect(guestReceived(destination, spec, PATIENCE_MS)).rejects.toMatchObject({ code: 'migration' });
    expect(await phases()).toEqual(['running', 'lost']);

    await stopGuest(destination, spec, 0);
    const frozen = await receiveGuest(destination, spec, anywhere);
    const stopped = (await observe(destination, spec.id)).pid ?? 0;
    process.kill(stopped, 'SIGSTOP');
    const late = sendGuest(source, spec, frozen, { ...patient, timeoutMs: 1_500 });
    await expect(late.catch((error: unknown) => isGuestFailure(error, 'deadline'))).resolves.toBe(true);
    await stopGuest(destination, spec, 0);
    await counts(source, counted(source, spec.id));
    expect(await phases()).toEqual(['running', 'stopped']);
  });

  test('loses no write on the disk that both see', async () => {
    const moved = { ...spec, epoch: 2, generation: 2 };
    await prepareGuest(destination, moved);
    const to = await receiveGuest(destination, moved, anywhere);
    const before = counted(source, spec.id);
    const sent = await sendGuest(source, spec, to, patient);
    expect(await sendGuest(source, spec, to, patient)).toEqual(sent);
    await guestReceived(destination, moved, PATIENCE_MS);
    expect(await phases()).toEqual(['sent', 'running']);
    await expect(startGuest(source, spec)).rejects.toMatchObject({ code: 'unusable' });
    await endSource(source, spec);
    await endSource(source, spec);
    expect(await phases()).toEqual(['stopped', 'running']);
    await counts(destination, before + 3);

    const after = await stopGuest(destination, moved, 20_000);
    expect(after).toBe('guest');
    const told = counted(destination, spec.id);
    const [disk] = spec.disks;
    expect(writtenOn(disk?.file ?? '', join(stage.folder, 'raw'))).toBeGreaterThan(told);
    execFileSync('qemu-img', ['check', '-q', disk?.file ?? '']);
    await reclaimGuest(source, spec).catch((error: unknown) => expect(isGuestFailure(error, 'notRunning')).toBe(true));
    await removeGuest(source, spec, false);
    await removeGuest(destination, moved, true);
  });
});
