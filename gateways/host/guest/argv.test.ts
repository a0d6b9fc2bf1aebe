import { argvOf, blockdevOf, nodeNameOf, overheadBytes } from '#gateways/host/guest/argv';
import { type GuestDisk, type GuestNic, type GuestSpec, specProblems } from '#gateways/host/guest/guest-spec';
import { placesOf } from '#gateways/host/guest/places';

const mebibyte = 2 ** 20;

const root: GuestDisk = {
  name: 'root',
  file: '/disks/root.qcow2',
  format: 'qcow2',
  readOnly: false,
  sizeBytes: 1024 * mebibyte,
  base: { file: '/images/debian.qcow2', format: 'qcow2' },
  slot: 0,
};

const front: GuestNic = {
  name: 'front',
  mac: '02:00:0a:00:00:05',
  mtu: 1_450,
  link: { kind: 'tap', interfaceName: 'tap0' },
  slot: 1,
};

const small: GuestSpec = {
  id: 'shop/web1',
  uid: 'one',
  epoch: 1,
  generation: 1,
  cpuCount: 1,
  memoryBytes: 512 * mebibyte,
  accelerator: 'kvm',
  boot: { kind: 'disk' },
  disks: [root],
  nics: [front],
  slotCount: 10,
  seed: undefined,
  vnc: false,
};

const places = placesOf('/run/guests', small.id);
const direct = { kind: 'kernel', kernel: '/k', initrd: '/i', commandLine: 'console=ttyS0, quiet' } as const;

/** Values of one flag. */
const given = (spec: GuestSpec, flag: string, incoming = false): readonly string[] => {
  const argv = argvOf(spec, places, incoming);
  return argv.flatMap((word, i) => (word === flag ? [argv[i + 1] ?? ''] : []));
};

const parsed = (values: readonly string[]): readonly Readonly<Record<string, unknown>>[] =>
  values.filter((value) => value.startsWith('{')).map((value) => JSON.parse(value) as Record<string, unknown>);

describe('what QEMU is started with', () => {
  test.each<readonly [what: string, spec: GuestSpec, flag: string, value: unknown]>([
    ['its name', small, '-name', ['guest=shop/web1,debug-threads=on']],
    ['the processor', small, '-accel', ['kvm']],
    ['the translator', { ...small, accelerator: 'tcg' }, '-accel', ['tcg,thread=single,tb-size=128']],
    ['a translator of two', { ...small, accelerator: 'tcg', cpuCount: 2 }, '-accel', ['tcg,thread=multi,tb-size=128']],
    [
      'a small translator',
      { ...small, accelerator: 'tcg', memoryBytes: 64 * mebibyte },
      '-accel',
      ['tcg,thread=single,tb-size=32'],
    ],
    ['processors', { ...small, cpuCount: 4 }, '-smp', ['cpus=4,sockets=1,cores=4,threads=1']],
    ['memory', small, '-m', ['512M']],
    ['no VNC', small, '-vnc', []],
    ['VNC', { ...small, vnc: true }, '-vnc', [`unix:${places.vnc}`]],
    ['a kernel', { ...small, boot: direct }, '-append', ['console=ttyS0, quiet']],
    ['no kernel', small, '-kernel', []],
    ['a sandbox', small, '-sandbox', ['on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny']],
  ])('%s', (_, spec, flag, value) => expect(given(spec, flag)).toEqual(value));

  test('a destination waits', () => {
    expect(given(small, '-incoming')).toEqual([]);
    expect(given(small, '-incoming', true)).toEqual(['defer']);
    expect(argvOf(small, places, true).slice(0, -2)).toEqual(argvOf(small, places));
  });

  test('eight ports share a number', () => {
    const addresses = parsed(given(small, '-device'))
      .filter(({ driver }) => driver === 'pcie-root-port')
      .map(({ id, addr }) => [id, addr]);
    expect(addresses[0]).toEqual(['port0', '0x2.0']);
    expect(addresses[7]).toEqual(['port7', '0x2.7']);
    expect(addresses[9]).toEqual(['port9', '0x3.1']);
  });

  test('a disk is in its port, and follows nothing but what is named', () => {
    expect(parsed(given(small, '-device')).find(({ id }) => id === 'disk-root')).toEqual({
      driver: 'virtio-blk-pci',
      id: 'disk-root',
      drive: 'disk-root',
      bus: 'port0',
      serial: 'root',
      werror: 'stop',
      rerror: 'stop',
      bootindex: 1,
    });
    const [opened] = parsed(given(small, '-blockdev'));
    expect(opened).toMatchObject({ backing: { 'read-only': true, backing: null } });
    expect(blockdevOf({ ...root, base: undefined })).toMatchObject({ backing: null });
    expect(blockdevOf({ ...root, format: 'raw', base: undefined })).not.toHaveProperty('backing');
  });

  test('a network is a tap, or QEMU’s own', () => {
    expect(parsed(given(small, '-netdev'))).toEqual([
      { type: 'tap', id: 'net-front', ifname: 'tap0', script: 'no', downscript: 'no' },
    ]);
    const forwards = [{ hostPort: 8080, guestPort: 80 }];
    const own = { ...small, nics: [{ ...front, link: { kind: 'user', forwards } as const }] };
    expect(parsed(given(own, '-netdev'))).toEqual([
      { type: 'user', id: 'net-front', hostfwd: [{ str: 'tcp:127.0.0.1:8080-:80' }] },
    ]);
  });

  test('a seed is read-only, and apart from the ports', () => {
    const seed = { userData: '', metaData: '', networkConfig: undefined };
    expect(parsed(given({ ...small, seed }, '-device')).find(({ id }) => id === 'seed')).toMatchObject({
      bus: 'pcie.0',
    });
  });

  test('a comma in a path does not end an option', () => {
    const odd = placesOf('/run/a,b', small.id);
    expect(argvOf(small, odd).join(' ')).toContain('path=/run/a,,b/');
  });

  test('the identity of the machine follows from the guest alone', () => {
    expect(given(small, '-uuid')).toEqual(given({ ...small, epoch: 7, cpuCount: 2 }, '-uuid'));
    expect(given(small, '-uuid')).not.toEqual(given({ ...small, uid: 'two' }, '-uuid'));
    expect(given(small, '-uuid')[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('names of disks fit, and differ', () => {
    const long = 'a'.repeat(62);
    expect(nodeNameOf(`${long}1`).length).toBeLessThanOrEqual(31);
    expect(nodeNameOf(`${long}1`)).not.toBe(nodeNameOf(`${long}2`));
  });

  test('the translator needs memory beside the guest’s', () => {
    expect(overheadBytes({ ...small, accelerator: 'tcg' }) - overheadBytes(small)).toBe(128 * mebibyte);
  });
});

describe('a specification', () => {
  test('that can be carried out has no problems', () => {
    expect(specProblems(small)).toEqual([]);
    expect(specProblems({ ...small, boot: direct, seed: { userData: '', metaData: '', networkConfig: '' } })).toEqual(
      [],
    );
  });

  const nic = (more: Partial<GuestNic>): GuestSpec => ({ ...small, nics: [{ ...front, ...more }] });
  const disk = (more: Partial<GuestDisk>): GuestSpec => ({ ...small, disks: [{ ...root, ...more }] });
  test.each<readonly [spec: GuestSpec, problem: RegExp]>([
    [{ ...small, id: '../etc' }, /^id/],
    [{ ...small, id: 'Shop/web' }, /^id/],
    [{ ...small, uid: '' }, /^uid/],
    [{ ...small, epoch: -1 }, /^epoch/],
    [{ ...small, generation: 0.5 }, /^generation/],
    [{ ...small, cpuCount: 0 }, /^cpuCount/],
    [{ ...small, memoryBytes: 100_000_000 }, /^memoryBytes/],
    [{ ...small, memoryBytes: mebibyte }, /^memoryBytes/],
    [{ ...small, slotCount: 33 }, /^slotCount/],
    [{ ...small, boot: { ...direct, kernel: 'k' } }, /^boot/],
    [{ ...small, boot: { ...direct, commandLine: 'a\nb' } }, /^commandLine/],
    [disk({ name: 'a,b' }), /^disk a,b/],
    [disk({ file: 'disk' }), /absolute/],
    [disk({ file: '/a\nb' }), /absolute/],
    [disk({ sizeBytes: 1_000 }), /sectors/],
    [disk({ format: 'raw' }), /only qcow2/],
    [disk({ base: { file: 'x', format: 'raw' } }), /base/],
    [disk({ slot: 10 }), /slot 10/],
    [disk({ slot: 1 }), /slot 1 is there twice/],
    [{ ...small, disks: [root, { ...root, name: 'more', slot: 4 }] }, /file .* twice/],
    [nic({ name: 'root' }), /name root is there twice/],
    [nic({ name: 'a b' }), /^nic a b/],
    [nic({ mac: '02:00:0A:00:00:05' }), /lower-case/],
    [nic({ mac: '01:00:0a:00:00:05' }), /group/],
    [nic({ mtu: 20 }), /mtu/],
    [nic({ link: { kind: 'tap', interfaceName: 'tap0,script=/tmp/x' } }), /interface/],
    [nic({ link: { kind: 'user', forwards: [{ hostPort: 0, guestPort: 80 }] } }), /ports/],
    [{ ...small, seed: { userData: 'x'.repeat(mebibyte + 1), metaData: '', networkConfig: undefined } }, /^seed/],
  ])('%# %s', (spec, problem) => expect(specProblems(spec).join('\n')).toMatch(problem));
});
