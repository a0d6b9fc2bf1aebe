import { overwritten, type Image, type Step, type Trace } from '#harness/power-cut/recording-disk';
import type { Random } from '#harness/simulator/random';

type Write = Extract<Step, { kind: 'write' }>;
type Naming = Extract<Step, { kind: 'create' | 'rename' | 'remove' }>;

/** What is certainly on stable storage when the power is cut, and what may be. */
interface Cut {
  readonly files: readonly Buffer[];
  readonly names: ReadonlyMap<string, number>;
  /** Begun and not known to be durable. */
  readonly writes: readonly Write[];
  /** Since the last sync of the directory; not every file system keeps their order. */
  readonly namings: readonly Naming[];
}

/** How the pieces of the writes under way ended up: a disk may write them in any order, and stop anywhere. */
export type Tear = 'absent' | 'present' | 'front' | 'back' | 'scattered';

export const tears: readonly Tear[] = ['absent', 'present', 'front', 'back', 'scattered'];

/** What a disk writes whole: a sector of old, or of new. */
export const sectors = [512, 4096] as const;

/** What the power cut leaves after so many steps; for names the same as for the pieces of writes. */
export const imageAfter = (trace: Trace, steps: number, tear: Tear, sectorBytes: number, random: Random): Image => {
  const cut = cutAfter(trace, steps);
  const files = [...cut.files];
  for (const write of cut.writes) {
    for (const piece of pieces(write, tear, sectorBytes, random)) {
      files[write.file] = overwritten(files[write.file] ?? Buffer.alloc(0), piece.bytes, piece.offset);
    }
  }
  const names = new Map(cut.names);
  for (const naming of named(cut.namings, tear, random)) rename(names, naming);
  return new Map([...names].map(([path, file]) => [path, files[file] ?? Buffer.alloc(0)]));
};

const cutAfter = ({ start, steps }: Trace, count: number): Cut => {
  const files: Buffer[] = [...start.values()].map((bytes) => Buffer.from(bytes));
  const names = new Map([...start.keys()].map((path, file) => [path, file]));
  const writes = new Map<number, Write>();
  let namings: Naming[] = [];
  for (const step of steps.slice(0, count)) {
    switch (step.kind) {
      case 'write':
        writes.set(step.number, step);
        break;
      case 'written': {
        const { file, offset, bytes } = writes.get(step.number) as Write; // Begun before it ended.
        files[file] = overwritten(files[file] ?? Buffer.alloc(0), bytes, offset);
        writes.delete(step.number);
        break;
      }
      case 'create':
      case 'rename':
      case 'remove':
        namings.push(step);
        break;
      case 'directorySynced':
        for (const naming of namings) rename(names, naming);
        namings = [];
        break;
      case 'acknowledged':
      case 'truncating':
        break;
    }
  }
  return { files, names, writes: [...writes.values()], namings };
};

const named = (namings: readonly Naming[], tear: Tear, random: Random): readonly Naming[] => {
  switch (tear) {
    case 'absent':
      return [];
    case 'present':
      return namings;
    case 'front':
      return namings.slice(0, random.under(namings.length + 1));
    case 'back':
      return namings.slice(1);
    case 'scattered':
      return namings.filter(() => random.chance(0.5));
  }
};

const rename = (names: Map<string, number>, naming: Naming): void => {
  switch (naming.kind) {
    case 'create':
      names.set(naming.path, naming.file);
      return;
    case 'remove':
      names.delete(naming.path);
      return;
    case 'rename': {
      const file = names.get(naming.from);
      names.delete(naming.from);
      if (file !== undefined) names.set(naming.to, file);
    }
  }
};

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

const pieces = ({ offset, bytes }: Write, tear: Tear, sectorBytes: number, random: Random): readonly Piece[] => {
  const all: Piece[] = [];
  const end = offset + bytes.length;
  for (let at = offset; at < end;) {
    const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    all.push({ offset: at, bytes: bytes.subarray(at - offset, next - offset) });
    at = next;
  }
  const place = random.under(all.length + 1);
  switch (tear) {
    case 'absent':
      return [];
    case 'present':
      return all;
    case 'front':
      return all.slice(0, place);
    case 'back':
      return all.slice(place);
    case 'scattered':
      return all.filter(() => random.chance(0.5));
  }
};
