import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownKernel, tryAccelerator } from '#gateways/host/probe/boot-trial';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'trial-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program in QEMU's place, which says what a test wants and ends. */
const qemu = (script: string): string => {
  const file = join(folder, 'qemu');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
};

const guest = { kernel: '/kernel', initrd: undefined };

describe('an accelerator', () => {
  test.each([
    ['an init that is ready', 'echo "ready a"; exec sleep 60'],
    [
      'a kernel without a disk',
      'echo "[1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on"; exec sleep 60',
    ],
    ['a kernel with an init', 'echo "[1.2] Run /init as init process"; exec sleep 60'],
  ])('is there after %s', async (_, script) => {
    expect(await tryAccelerator('tcg', qemu(script), guest)).toMatchObject({ name: 'tcg', state: 'yes' });
  });

  test('is not there when QEMU gives up, and its first word says why', async () => {
    const broken = qemu('echo "failed to set MSR 0x10a" >&2; echo "more" >&2; exit 1');
    expect(await tryAccelerator('tcg', broken, guest)).toMatchObject({
      state: 'no',
      found: 'a guest did not boot: failed to set MSR 0x10a',
    });
  });

  test('is not there when nothing of the guest is heard', async () => {
    expect(await tryAccelerator('tcg', qemu('echo SeaBIOS'), guest)).toMatchObject({ state: 'no' });
    expect(await tryAccelerator('tcg', join(folder, 'none'), guest)).toMatchObject({ state: 'no' });
  });

  test('is unknown without a kernel', async () => {
    expect(await tryAccelerator('tcg', qemu('exit 0'), undefined)).toMatchObject({ state: 'unknown' });
  });

  (existsSync('/dev/kvm') ? test.skip : test)('of the processor is not tried where there is none', async () => {
    expect(await tryAccelerator('kvm', qemu('echo "ready a"'), guest)).toMatchObject({ state: 'no' });
  });
});

test('the newest kernel is taken', () => {
  for (const name of ['vmlinuz-6.1.0-9-amd64', 'vmlinuz-6.1.0-10-amd64', 'initrd.img-7']) {
    writeFileSync(join(folder, name), '');
  }
  expect(ownKernel(folder)?.kernel).toBe(join(folder, 'vmlinuz-6.1.0-10-amd64'));
  expect(ownKernel(join(folder, 'none'))).toBeUndefined();
});
