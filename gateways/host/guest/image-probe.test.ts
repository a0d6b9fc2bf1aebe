import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeImage, takeImage } from '#gateways/host/guest/image-probe';

const mebibyte = 2 ** 20;
const most = 64 * mebibyte;
const installed = spawnSync('qemu-img', ['--version']).status === 0;
const withQemu = installed || process.env['CI'] === 'true' ? describe : describe.skip;

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'image-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name = 'image'): string => join(folder, name);
const qemuImg = (...args: readonly string[]): void => void execFileSync('qemu-img', args, { stdio: 'pipe' });
const written = (content: Buffer | string): string => {
  writeFileSync(file(), content);
  return file();
};

/** A whole image with some data in it. */
const sound = (): string => {
  writeFileSync(file('raw'), Buffer.alloc(4 * mebibyte, 7));
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', file('raw'), file());
  return file();
};

/** As `sound`, with bytes changed at an offset. */
const patched = (offset: number, bytes: readonly number[]): string => {
  const content = readFileSync(sound());
  content.set(bytes, offset);
  return written(content);
};

describe('a raw image', () => {
  test('is what it is', async () => {
    expect(await probeImage(written(Buffer.alloc(mebibyte)), most)).toEqual({
      format: 'raw',
      sizeBytes: mebibyte,
      fileBytes: mebibyte,
    });
  });
  test.each([
    ['empty', Buffer.alloc(0), /empty/],
    ['no whole sectors', Buffer.alloc(513), /cut off/],
    ['too large', Buffer.alloc(2 * mebibyte), /at most/],
    ['of another format', 'KDMV'.padEnd(512, '\0'), /vmdk/],
    ['of a description', '# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n'.padEnd(512, '\0'), /vmdk/],
    ['packed', Buffer.concat([Buffer.from('1f8b', 'hex'), Buffer.alloc(510)]), /gzip/],
    ['encrypted', Buffer.concat([Buffer.from('LUKS\xba\xbe', 'latin1'), Buffer.alloc(506)]), /luks/],
  ])('%s is refused', async (_, content, reason) => {
    await expect(probeImage(written(content), mebibyte)).rejects.toThrow(reason);
  });
  test('a folder is refused', () => expect(probeImage(folder, most)).rejects.toThrow(/no file/));
});

withQemu('a qcow2 image (needs qemu-utils)', () => {
  test('is what it is', async () => {
    expect(await probeImage(sound(), most)).toMatchObject({ format: 'qcow2', sizeBytes: 4 * mebibyte });
  });
  test('a backing file is not followed', async () => {
    qemuImg('create', '-q', '-u', '-f', 'qcow2', '-b', '/etc/shadow', '-F', 'raw', file(), '1M');
    await expect(probeImage(file(), most)).rejects.toThrow(/backing file/);
  });
  test('data in another file are not followed', async () => {
    qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${file('data')}`, file(), '1M');
    await expect(probeImage(file(), most)).rejects.toThrow(/another file/);
  });
  test('a huge one of few bytes is refused', async () => {
    qemuImg('create', '-q', '-f', 'qcow2', file(), '1T');
    await expect(probeImage(file(), most)).rejects.toThrow(/at most/);
  });
  test('snapshots are refused', async () => {
    qemuImg('snapshot', '-q', '-c', 'before', sound());
    await expect(probeImage(file(), most)).rejects.toThrow(/snapshots/);
  });
  test.each([
    ['a wrong version', 4, [0, 0, 0, 9], /version 9/],
    ['encryption', 32, [0, 0, 0, 1], /encrypted/],
    ['clusters of no sensible size', 20, [0, 0, 0, 40], /clusters/],
    ['a size near the end of numbers', 24, [0x7f, 255, 255, 255, 255, 255, 254, 0], /size/],
    ['a mark of damage', 79, [2], /damaged/],
    ['features that nobody knows', 72, [1], /not known/],
    ['a table beyond the end', 40, [0, 0, 1], /cut off/],
    ['another magic', 0, [0x51, 0x46, 0x49, 0x00], /cut off|neither|damaged/],
  ])('%s is refused', async (_, offset, bytes, reason) => {
    const path = patched(offset, bytes);
    // What lost its magic is raw, and would be taken as that if it were whole sectors.
    if (offset === 0) writeFileSync(path, readFileSync(path).subarray(0, 1_000_001));
    await expect(probeImage(path, most)).rejects.toThrow(reason);
  });
  test.each([3 * mebibyte, 300_000, 70_000, 100])('cut off after %i bytes it is refused', async (length) => {
    truncateSync(sound(), length);
    await expect(probeImage(file(), most)).rejects.toThrow(/cut off|damaged|cannot read/);
  });
});

describe('taking an image', () => {
  const content = Buffer.from('all of it');
  const digest = createHash('sha256').update(content).digest('hex');
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    yield content.subarray(0, 4);
    yield content.subarray(4);
  };
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield content;
    throw new Error('cut');
  };
  const options = { sha256: digest, mostFileBytes: 100 };

  test('writes it whole and gives its checksum', async () => {
    expect(await takeImage(parts(), file(), options)).toEqual({ sha256: digest, fileBytes: content.length });
    expect(readFileSync(file())).toEqual(content);
  });
  test.each([
    ['another checksum', parts, { ...options, sha256: '0'.repeat(64) }, /SHA-256/],
    ['too many bytes', parts, { ...options, mostFileBytes: 5 }, /more than 5/],
    ['a sender that breaks off', broken, options, /cut/],
  ])('leaves nothing behind after %s', async (_, source, given, reason) => {
    await expect(takeImage(source(), file(), given)).rejects.toThrow(reason);
    expect(existsSync(file())).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});
