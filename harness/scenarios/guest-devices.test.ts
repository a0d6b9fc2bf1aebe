import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  attachDisk,
  attachNic,
  deleteSnapshot,
  detachDisk,
  detachNic,
  resizeDisk,
  revertDisk,
  snapshotDisk,
} from '#gateways/host/guest/device';
import { startGuest, stopGuest } from '#gateways/host/guest/power';
import { removeGuest } from '#gateways/host/guest/leftover';
import { until } from '#gateways/host/guest/waiting';
import {
  boot,
  describeGuests,
  guestStage,
  PATIENCE_MS,
  said,
  type Stage,
  typed,
  userNic,
} from '#harness/scenarios/guest-stage';

jest.setTimeout(3 * PATIENCE_MS);

const mebibyte = 2 ** 20;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

describeGuests('the devices of a guest', () => {
  let stage: Stage;
  beforeAll(() => void (stage = guestStage()));
  afterAll(async () => expect(await stage.clear()).toEqual([]));

  test('disks and interfaces come, grow and go while it runs', async () => {
    const host = stage.open();
    const hostPort = await freePort();
    const nic = userNic('front', 0, { kind: 'user', forwards: [{ hostPort, guestPort: 80 }] });
    const words = `uc.http=80 uc.net=${nic.mac},10.0.2.15/24,10.0.2.2`;
    const spec = stage.spec('shop/web1', words, { nics: [nic] });
    await boot(host, spec);
    const answer = await until('an answer over the network', PATIENCE_MS, async () => {
      try {
        return await (await fetch(`http://127.0.0.1:${hostPort}/`)).text();
      } catch {
        return undefined;
      }
    });
    expect(answer).toBe('shop-web1\n');

    const data = stage.disk('data', 1);
    const sectors = (): Promise<string> => typed(host, spec.id, 'cat /sys/block/vda/size /sys/block/vda/serial');
    await attachDisk(host, spec, data);
    await attachDisk(host, spec, data);
    await until('the disk in the guest', PATIENCE_MS, async () =>
      (await typed(host, spec.id, 'ls /sys/block')).includes('vda') ? true : undefined,
    );
    expect(await sectors()).toMatch(new RegExp(`^${(16 * mebibyte) / 512}\\s+data$`));

    await typed(host, spec.id, 'echo before > /dev/vda; sync');
    await snapshotDisk(host, spec, 'data', 'first');
    await snapshotDisk(host, spec, 'data', 'first');
    await typed(host, spec.id, 'echo after > /dev/vda; sync');

    await expect(snapshotDisk(host, spec, 'data', '-l')).rejects.toMatchObject({ code: 'unusable' });

    await resizeDisk(host, spec, 'data', 24 * mebibyte);
    await resizeDisk(host, spec, 'data', 24 * mebibyte);
    await expect(resizeDisk(host, spec, 'data', 8 * mebibyte)).rejects.toThrow(/which is more/);
    expect(await sectors()).toMatch(new RegExp(`^${(24 * mebibyte) / 512}\\s`));

    const back = userNic('back', 2, { kind: 'user', forwards: [] });
    await attachNic(host, spec, back);
    await attachNic(host, spec, back);
    const interfaces = (): Promise<string> => typed(host, spec.id, 'cat /sys/class/net/*/address');
    await until('the interface in the guest', PATIENCE_MS, async () =>
      (await interfaces()).includes(back.mac) ? true : undefined,
    );
    await detachNic(host, spec, 'back');
    await detachNic(host, spec, 'back');
    expect(await interfaces()).not.toContain(back.mac);

    // Two things cannot be in one slot, also while it runs.
    await expect(attachDisk(host, spec, stage.disk('more', 1))).rejects.toThrow(/slot 1 is there twice/);
    expect(existsSync(join(stage.folder, 'disks', 'more.qcow2'))).toBe(false);

    await detachDisk(host, spec, 'data');
    await detachDisk(host, spec, 'data');
    expect(await typed(host, spec.id, 'ls /sys/block')).not.toContain('vda');

    // What was attached is there again after a new start; a stopped disk goes back to a snapshot.
    await attachDisk(host, spec, { ...data, sizeBytes: 24 * mebibyte });
    await stopGuest(host, spec, 0);
    await revertDisk(host, spec, 'data', 'first');
    await deleteSnapshot(host, spec, 'data', 'first');
    await deleteSnapshot(host, spec, 'data', 'first');
    await startGuest(host, spec);
    await said(host, spec.id, /ready[^]*ready/);
    expect(await typed(host, spec.id, 'head -n 1 /dev/vda')).toBe('before');
    await removeGuest(host, spec, true);
    expect(existsSync(data.file)).toBe(false);
  });
});
