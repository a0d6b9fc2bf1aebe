import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { GuestFailure } from '#gateways/host/guest/guest-failure';
import type { DiskFormat } from '#gateways/host/guest/guest-spec';
import { ran } from '#gateways/host/guest/program';
import { formatByContent, readQcow2 } from '#gateways/host/guest/qcow2';
import { recordOf } from '#gateways/host/guest/qmp';

/** What an image was found to be, whatever its name or its sender say. */
export interface ProbedImage {
  readonly format: DiskFormat;
  /** What a guest sees. */
  readonly sizeBytes: number;
  /** What the file takes. */
  readonly fileBytes: number;
}

const refused = (reason: string): GuestFailure =>
  new GuestFailure('image', `${reason[0]?.toUpperCase()}${reason.slice(1)}.`);

/**
 * Looks at an image that came from somebody who may mean harm. Takes qcow2 and raw; refuses what reaches beyond the
 * file, is larger for a guest than `mostBytes`, is damaged or cut off. Fails with `image` and the reason.
 */
export const probeImage = async (file: string, mostBytes: number): Promise<ProbedImage> => {
  const { head, fileBytes } = headOf(file);
  if (fileBytes === 0) throw refused('it is empty');
  const format = formatByContent(head);
  if (format === 'raw') return { format, sizeBytes: rawSize(fileBytes, mostBytes), fileBytes };
  if (format !== 'qcow2') throw refused(`it is ${format}, and only qcow2 and raw are taken`);
  const { problem, sizeBytes } = readQcow2(file);
  if (problem !== undefined) throw refused(problem);
  if (sizeBytes > mostBytes)
    throw refused(`it has ${sizeBytes} bytes for a guest, and at most ${mostBytes} are allowed`);
  await askQemu(file, sizeBytes);
  return { format, sizeBytes, fileBytes };
};

const headOf = (file: string): { readonly head: Buffer; readonly fileBytes: number } => {
  const handle = openSync(file, 'r');
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw refused('it is no file');
    const head = Buffer.alloc(512);
    return { head: head.subarray(0, readSync(handle, head, 0, head.length, 0)), fileBytes: stat.size };
  } finally {
    closeSync(handle);
  }
};

const rawSize = (fileBytes: number, mostBytes: number): number => {
  if (fileBytes % 512 !== 0) throw refused('it is neither qcow2 nor whole sectors of 512 bytes, so it may be cut off');
  if (fileBytes > mostBytes) throw refused(`it has ${fileBytes} bytes, and at most ${mostBytes} are allowed`);
  return fileBytes;
};

const SECONDS = 20;

/** What qemu-img may take: a hostile file may let it count for ever or fill the memory. */
const limits = [`--as=${2 ** 30}`, `--cpu=${SECONDS}`, `--nofile=64`, `--core=0`];

const askQemuImg = (verb: string, ...more: readonly string[]): ReturnType<typeof ran> =>
  ran('prlimit', [...limits, '--', 'qemu-img', verb, '--output=json', '-f', 'qcow2', ...more], 2 * SECONDS * 1_000);

const askQemu = async (file: string, sizeBytes: number): Promise<void> => {
  const { exitCode, output } = await askQemuImg('info', file);
  if (exitCode !== 0) throw refused('qemu-img cannot read it');
  const answer = recordOf(JSON.parse(output));
  const strange = ['backing-filename', 'full-backing-filename', 'encrypted'].find((field) => Boolean(answer[field]));
  if (strange !== undefined) throw refused(`qemu-img finds ${strange} in it`);
  if (Number(answer['virtual-size']) !== sizeBytes) throw refused('qemu-img finds another size in it');
  // 0 is whole, 3 has space that nothing uses.
  const check = await askQemuImg('check', file);
  if (check.exitCode !== 0 && check.exitCode !== 3) throw refused('it is damaged or cut off');
  const image = recordOf(JSON.parse(check.output));
  if (Number(image['image-end-offset'] ?? 0) > headOf(file).fileBytes) throw refused('it is cut off');
};

export interface TakeOptions {
  /** In lower-case hexadecimal digits; undefined takes whatever comes. */
  readonly sha256: string | undefined;
  readonly mostFileBytes: number;
  readonly progress?: (bytes: number) => void;
}

/**
 * Writes an image that comes in parts to a file, which appears whole and on the disk or not at all; gives its checksum.
 * Fails with `image` when it is longer than allowed or has another checksum than was promised.
 */
export const takeImage = async (
  parts: AsyncIterable<Uint8Array>,
  file: string,
  { sha256, mostFileBytes, progress }: TakeOptions,
): Promise<{ readonly sha256: string; readonly fileBytes: number }> => {
  const unfinished = `${file}.new`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    const hash = createHash('sha256');
    let fileBytes = 0;
    for await (const part of parts) {
      fileBytes += part.length;
      if (fileBytes > mostFileBytes) throw refused(`it has more than ${mostFileBytes} bytes`);
      hash.update(part);
      await handle.writeFile(part);
      progress?.(fileBytes);
    }
    await handle.sync();
    const found = hash.digest('hex');
    if (sha256 !== undefined && sha256 !== found) throw refused(`its SHA-256 is ${found}, expected ${sha256}`);
    await handle.close();
    await rename(unfinished, file);
    return { sha256: found, fileBytes };
  } finally {
    await handle.close();
    await rm(unfinished, { force: true });
  }
};
