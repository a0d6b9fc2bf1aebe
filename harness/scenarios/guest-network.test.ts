import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nobody } from '#gateways/host/guest/host-account';
import { observe } from '#gateways/host/guest/observation';
import { removeGuest } from '#gateways/host/guest/leftover';
import { prepareGuest, startGuest } from '#gateways/host/guest/power';
import { startKeeper } from '#harness/scenarios/guest-keeping';
import { describeGuests, guestStage, PATIENCE_MS, said, type Stage, userNic } from '#harness/scenarios/guest-stage';

jest.setTimeout(2 * PATIENCE_MS);

const root = process.getuid?.() === 0;
const asRoot = root ? test : test.skip;

const fetched = `
  const again = (left) => fetch('http://10.9.0.2/').then((answer) => answer.text()).then(
    (text) => process.stdout.write(text),
    (error) => (left > 0 ? setTimeout(again, 200, left - 1) : process.exit(1)));
  again(200);
`;

describeGuests('what a guest may have of its host', () => {
  let stage: Stage;
  beforeAll(() => void (stage = guestStage()));
  afterAll(async () => expect(await stage.clear()).toEqual([]));

  asRoot('a tap that belongs to the user of QEMU carries its network', async () => {
    const namespace = `uc-guest-${process.pid}`;
    const ip = (...args: readonly string[]): void => void execFileSync('ip', ['-n', namespace, ...args]);
    execFileSync('ip', ['netns', 'add', namespace]);
    const host = stage.open('tap');
    const nic = { ...userNic('front', 0, { kind: 'user', forwards: [] }), mtu: 1_400 };
    const spec = stage.spec('shop/tap', `uc.http=80 uc.net=${nic.mac},10.9.0.2/24`, {
      nics: [{ ...nic, link: { kind: 'tap', interfaceName: 'uctap0' } }],
    });
    try {
      ip('tuntap', 'add', 'uctap0', 'mode', 'tap', 'user', String(nobody.uid));
      ip('addr', 'add', '10.9.0.1/24', 'dev', 'uctap0');
      ip('link', 'set', 'uctap0', 'up');
      const keeper = await startKeeper(stage, host.root, spec, ['ip', 'netns', 'exec', namespace]);
      const inside = ['netns', 'exec', namespace, process.execPath, '-e', fetched];
      expect(execFileSync('ip', inside, { encoding: 'utf8' })).toBe('shop-tap\n');
      await keeper.kill();
      await removeGuest(host, spec, true);
    } finally {
      execFileSync('ip', ['netns', 'delete', namespace]);
    }
  });

  asRoot('an interface that is missing, or somebody else’s, is refused before anything is started', async () => {
    const host = stage.open('refused');
    const link = (interfaceName: string) => ({ kind: 'tap', interfaceName }) as const;
    const nic = userNic('front', 0, { kind: 'user', forwards: [] });
    const spec = stage.spec('shop/refused', '', { nics: [{ ...nic, link: link('uc-none') }] });
    await prepareGuest(host, spec);
    await expect(startGuest(host, spec)).rejects.toMatchObject({ code: 'missing' });
    const loopback = { ...spec, generation: 2, nics: [{ ...nic, link: link('lo') }] };
    await prepareGuest(host, loopback);
    await expect(startGuest(host, loopback)).rejects.toMatchObject({ code: 'unusable' });
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'stopped' });
    await removeGuest(host, loopback, true);
  });

  test('a QEMU that does not start says why', async () => {
    const host = stage.open('broken');
    const none = { kind: 'kernel', kernel: '/none', initrd: '/none', commandLine: '' } as const;
    const spec = stage.spec('shop/broken', '', { boot: none });
    await prepareGuest(host, spec);
    await expect(startGuest(host, spec)).rejects.toThrow(/did not start.*\/none/);
    expect(await observe(host, spec.id)).toMatchObject({ phase: 'stopped' });
    const absent = stage.open('absent', { qemu: 'qemu-system-none' });
    await prepareGuest(absent, spec);
    await expect(startGuest(absent, spec)).rejects.toMatchObject({ code: 'start' });
    await removeGuest(host, spec, true);
    await removeGuest(absent, spec, true);
  });

  asRoot('without root the same driver runs it as the user that it has', async () => {
    const place = join(stage.folder, 'own');
    mkdirSync(place);
    chmodSync(place, 0o755);
    chownSync(place, nobody.uid, nobody.gid);
    const nic = userNic('front', 0, { kind: 'user', forwards: [] });
    const spec = stage.spec('shop/own', `uc.net=${nic.mac},dhcp`, { nics: [nic] });
    const as = ['setpriv', `--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, '--clear-groups', '--'];
    const keeper = await startKeeper(stage, place, spec, as);
    await keeper.kill();
    const host = stage.open('own', { account: undefined });
    await said(host, spec.id, /address eth0 10\.0\.2\.15[^]*^ready shop-own/m);
    const { phase, pid } = await observe(host, spec.id);
    expect(phase).toBe('running');
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t/m);
    await removeGuest(host, spec, true);
  });
});
