import { type Format, formatOf, formats } from '#gateways/cli/format';
import type { Settings } from '#gateways/cli/session';
import type { Terminal } from '#gateways/cli/terminal';
import type { Flag, Words } from '#gateways/cli/verb';

/** Flags that every verb takes, before it or after it. A verb's own flag of the same name wins after it. */
export const globalFlags: readonly Flag[] = [
  { name: 'output', short: 'o', metavar: '<format>', summary: `How to print: ${formats.join(', ')}.`, values: formats },
  { name: 'endpoint', metavar: '<url>', summary: 'The server, such as http://127.0.0.1:7070 (ULTRACLOUD_ENDPOINT).' },
  {
    name: 'token',
    metavar: '<token>',
    summary: 'The credential (ULTRACLOUD_TOKEN); others can see it in a process list.',
  },
  { name: 'token-file', metavar: '<file>', summary: 'A file that holds the credential.' },
  {
    name: 'data',
    metavar: '<directory>',
    summary: 'The data directory of a server on this machine (ULTRACLOUD_DATA).',
  },
  { name: 'context', metavar: '<name>', summary: 'A saved endpoint (ULTRACLOUD_CONTEXT).', context: true },
  { name: 'ca-cert', metavar: '<file>', summary: 'Certificates to trust, in PEM (ULTRACLOUD_CA_CERT).' },
  { name: 'timeout', metavar: '<time>', summary: 'How long to wait, such as 5s or 2m; 30s unless given.' },
  { name: 'quiet', short: 'q', summary: 'No progress and no hints.' },
  { name: 'no-color', summary: 'No colours (NO_COLOR).' },
];

export const settingsOf = (words: Words, terminal: Terminal): Settings => {
  const format = words.text('output');
  const timeoutMs = words.duration('timeout');
  const target = Object.fromEntries(
    targetFlags.flatMap(([flag, field]) => {
      const given = words.text(flag);
      return given === undefined ? [] : [[field, given]];
    }),
  );
  return {
    format: format === undefined ? undefined : formatOf(format),
    color: !words.on('no-color') && wantsColor(terminal),
    quiet: words.on('quiet'),
    timeoutMs,
    target,
  };
};

const targetFlags = [
  ['endpoint', 'endpoint'],
  ['token', 'token'],
  ['token-file', 'tokenFile'],
  ['data', 'data'],
  ['context', 'context'],
  ['ca-cert', 'caCert'],
] as const;

/** https://no-color.org: present and not empty. */
const wantsColor = ({ environment }: Terminal): boolean =>
  (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';

/** The format that was asked for, as far as words that cannot be understood tell. */
export const guessedFormat = (words: readonly string[]): Format => {
  for (const [i, word] of words.entries()) {
    if (word === '--') break;
    const given = word === '-o' || word === '--output' ? words[i + 1] : /^(?:-o=?|--output=)(.+)$/.exec(word)?.[1];
    const format = formats.find((known) => known === given);
    if (format !== undefined) return format;
  }
  return 'table';
};
