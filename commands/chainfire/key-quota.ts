import { object } from '#commands/codec/object';
import { boolean, id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

const KeyQuotaId = id('key-quota', {
  summary: 'What is limited: `keys`.',
  pattern: 'keys',
  maxLength: 4,
  example: 'keys',
});

const Bytes = (name: string, summary: string, min = 0) => integer(name, { summary, unit: 'bytes', min });
const MaxBytes = Bytes('bytes at most', 'Bytes that keys and their values may take together.', 1);

export const setKeyQuota = command('key-quota', 'set', {
  summary: 'Limit what all keys take. Above it an alarm stands and puts are refused; deletes and compaction go on.',
  id: KeyQuotaId,
  body: { maxBytes: MaxBytes },
  cli: { positional: ['maxBytes'] },
  examples: [{ title: 'Two gibibytes.', id: 'keys', body: { maxBytes: 2_147_483_648 } }],
});

export const liftKeyQuota = command('key-quota', 'lift', {
  summary: 'Take a limit away.',
  id: KeyQuotaId,
  body: {},
  examples: [{ title: 'Keys may take what the disk has.', id: 'keys', body: {} }],
});

export const judgeKeyQuota = command('key-quota', 'judge', {
  summary: 'Compare what is used with the limit.',
  id: KeyQuotaId,
  internal: true,
  body: {},
});

/** What the keys took when a limit was passed, in either direction. */
export const KeyQuotaPassed = object({
  bytes: Bytes('bytes', 'What keys and their values took.'),
  maxBytes: MaxBytes,
});

export type KeyQuotaCommand = CommandOf<typeof setKeyQuota | typeof liftKeyQuota | typeof judgeKeyQuota>;

export const keyQuotas = view('key-quota', {
  summary: 'Limits that operators have set, with what is used.',
  id: KeyQuotaId,
  row: object({
    id: KeyQuotaId,
    maxBytes: MaxBytes,
    bytes: Bytes('bytes', 'What keys and their values take now.'),
    exceeded: boolean('exceeded', { summary: 'Whether puts are refused.' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'KEY QUOTA', path: 'id' },
    { title: 'BYTES', path: 'bytes' },
    { title: 'MAX BYTES', path: 'maxBytes' },
    { title: 'EXCEEDED', path: 'exceeded' },
  ],
});
