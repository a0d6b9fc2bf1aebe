import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { consoleHistory, openConsole } from '#gateways/host/guest/console';
import { observe } from '#gateways/host/guest/observation';
import { placesOf } from '#gateways/host/guest/places';
import { pauseGuest, prepareGuest, resetGuest, resumeGuest, startGuest, stopGuest } from '#gateways/host/guest/power';
import { leftovers, removeGuest } from '#gateways/host/guest/leftover';
import { until } from '#gateways/host/guest/waiting';
import { mayMount } from '#harness/scenarios/disk';
import { boot, describeGuests, guestStage, PATIENCE_MS, said, type Stage, typed } from '#harness/scenarios/guest-stage';

jest.setTimeout(2 * PATIENCE_MS);

describeGuests('the life of a guest', () => {
  let stage: Stage;
  beforeAll(() => void (stage = guestStage()));
  afterAll(async () => expect(await stage.clear()).toEqual([]));

  test('from its first start to its removal', async () => {
    const host = stage.open();
    const seed = {
      userData: '#cloud-config\nhostname: web1\n',
      metaData: 'instance-id: one\n',
      networkConfig: undefined,
    };
    const spec = stage.spec('shop/web1', '', { seed, vnc: true });
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'absent' });
    await prepareGuest(host, spec);
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'stopped' });

    // Twice is once.
    await Promise.all([startGuest(host, spec), startGuest(host, spec)]);
    const { phase, pid } = await observe(host, spec.id);
    expect(phase).toBe('running');
    const places = placesOf(host.root, spec.id);
    expect(statSync(places.run).mode & 0o777).toBe(0o700);
    await said(host, spec.id, /^ready shop-web1/m);
    expect(existsSync(places.vnc)).toBe(true);

    const own = readFileSync(`/proc/${pid}/status`, 'utf8');
    if (process.getuid?.() === 0) expect(own).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    if (process.getuid?.() === 0) expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toContain(places.group);
    expect(own).toMatch(/^NoNewPrivs:\t1$/m);
    expect(own).toMatch(/^Seccomp:\t2$/m);

    const mounted = 'mkdir -p /seed && mount -t iso9660 -o ro /dev/vda /seed';
    expect(await typed(host, spec.id, `${mounted}; cat /seed/user-data /seed/meta-data`)).toContain('hostname: web1');
    expect(await typed(host, spec.id, 'ls /seed')).toMatch(/meta-data\s+user-data/);

    await pauseGuest(host, spec);
    await pauseGuest(host, spec);
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'paused', pid });
    await resumeGuest(host, spec);
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'running', pid });

    expect(await stopGuest(host, spec, 20_000)).toBe('guest');
    expect(await stopGuest(host, spec, PATIENCE_MS)).toBe('already');
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'stopped' });
    expect(leftovers(host, [spec.id])).toEqual([]);

    // What the console said is kept, and the next start goes on in it.
    await startGuest(host, spec);
    await said(host, spec.id, /stopping[^]*ready/);
    await resetGuest(host, spec);
    await said(host, spec.id, /stopping[^]*ready[^]*ready/);

    // One that has shut itself down stays in sight until somebody ends it or starts it again.
    const console = await openConsole(host, spec.id);
    console.end('poweroff -f\n');
    await until('the guest to shut itself down', PATIENCE_MS, async () =>
      (await observe(host, spec.id)).phase === 'shutDown' ? true : undefined,
    );
    await startGuest(host, spec);
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'running' });
    await removeGuest(host, spec, true);
    await removeGuest(host, spec, true);
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'absent' });
    expect(existsSync(places.folder)).toBe(false);
  });

  test('what its console says is kept up to a size, and goes on after it was cut', async () => {
    const host = stage.open();
    const spec = stage.spec('shop/loud');
    await boot(host, spec);
    const { history } = placesOf(host.root, spec.id);
    appendFileSync(history, 'x'.repeat(3 * 2 ** 20));
    await observe(host, spec.id);
    expect(statSync(history).size).toBe(2 ** 20);
    await typed(host, spec.id, 'echo still he""re');
    expect(consoleHistory(host, spec.id)).toMatch(/^x+[^]*still here/);
    expect(consoleHistory(host, spec.id, 100)).toHaveLength(100);
    await removeGuest(host, spec, true);
  });

  const full = process.getuid?.() === 0 && mayMount() ? test : test.skip;
  full('a disk that cannot grow stops the guest, which goes on when there is room', async () => {
    const host = stage.open();
    const place = join(stage.folder, 'small');
    mkdirSync(place);
    const size = (mebibytes: number, ...more: readonly string[]): void => {
      const options = [...more, `size=${mebibytes}m`, 'mode=711'].join(',');
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place]);
    };
    size(4);
    try {
      const spec = stage.spec('shop/full', '', {
        disks: [stage.disk('data', 0, { file: join(place, 'data.qcow2') })],
      });
      await boot(host, spec);
      const written = typed(host, spec.id, 'dd if=/dev/zero bs=1M count=8 of=/dev/vda conv=fsync; echo wri""tten');
      await until('the guest to stand still', PATIENCE_MS, async () =>
        (await observe(host, spec.id)).phase === 'faulted' ? true : undefined,
      );
      size(32, 'remount');
      await resumeGuest(host, spec);
      expect(await written).toContain('written');
      await removeGuest(host, spec, true);
    } finally {
      execFileSync('umount', ['--lazy', place]);
    }
  });

  test('a guest that ignores the power button', async () => {
    const host = stage.open();
    const spec = stage.spec('shop/deaf', 'uc.deaf');
    await boot(host, spec);
    expect(await stopGuest(host, spec, 1_000)).toBe('power');
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'stopped' });
    await removeGuest(host, spec, true);
  });
});
