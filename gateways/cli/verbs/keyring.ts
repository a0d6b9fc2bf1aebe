import { resolve } from 'node:path';
import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import { numberAt, textAt } from '#gateways/cli/json';
import type { Words, Verb } from '#gateways/cli/verb';
import type { Session } from '#gateways/cli/session';

const status: Verb = {
  words: ['keyring', 'status'],
  summary: 'Show how the keyring of the server stands: how many keys, wrapped by which cluster key. Never a key.',
  arguments: [],
  flags: [],
  examples: [{ title: 'Is it there?', line: 'ultracloud keyring status' }],
  run: async ({ session }) => {
    const { json } = await (await session.client()).ask({ method: 'GET', path: '/v1/keyring' });
    session.show({ json, table: () => session.fields(json) });
    const before = numberAt(json, 'deleteBackupsBefore');
    if (before !== undefined) {
      session.warn(`forgotten keys are in backups of the keyring of generations before ${before}: delete those.`);
    }
    return textAt(json, 'reason') === undefined ? exitCodes.done : exitCodes.failed;
  },
};

const rotate: Verb = {
  words: ['keyring', 'rotate'],
  summary: 'Change the cluster key; or, with a subject, give that subject a new key.',
  about:
    'All keys are wrapped anew and the old cluster key is destroyed; back up both afterwards. What was sealed for a ' +
    'subject before goes on to open, until its old keys are forgotten.',
  arguments: [{ name: 'subject', summary: 'Whose key, as in `user/alice`.', required: false, noun: 'secret-key' }],
  flags: [],
  examples: [
    { title: 'A new cluster key.', line: 'ultracloud keyring rotate' },
    { title: 'A new key for what is sealed for a user.', line: 'ultracloud keyring rotate user/alice' },
  ],
  run: async ({ session, words }) => {
    const subject = words.argument('subject');
    const body = subject === undefined ? {} : { subject };
    const { json } = await (await session.client()).ask({ method: 'POST', path: '/v1/keyring-rotate', body });
    session.show({ json, table: () => session.fields(json), names: () => [textAt(json, 'key') ?? ''] });
    if (subject === undefined) {
      session.note(
        'Backups from before open with the old cluster key only: ultracloud keyring backup FILE, and a copy.',
      );
    }
    return exitCodes.done;
  },
};

const backup: Verb = {
  words: ['keyring', 'backup'],
  summary: 'Copy the keyring of a data directory to a file. The cluster key is not in it.',
  about: 'Reads the directory of --data, whether a server runs on it or not. The file must not exist.',
  arguments: [{ name: 'file', summary: 'The new file.', required: true }],
  flags: [],
  examples: [{ title: 'To another disk.', line: 'ultracloud keyring backup /mnt/keyring --data /var/lib/ultracloud' }],
  run: async ({ session, words }) => {
    const data = dataOf(session, words);
    const server = await session.server();
    const copy = server.backUpKeyring({ data, file: resolve(words.argument('file') ?? '') });
    session.show({ json: copy, table: () => session.fields(copy), names: () => [copy.file] });
    session.note(
      copy.clusterKey === 'unknown'
        ? 'It opens with the cluster key only, which is a credential of the service.'
        : `It opens with the cluster key only: keep a copy of ${data}/keyring/cluster.key, in another place.`,
    );
    return exitCodes.done;
  },
};

const restore: Verb = {
  words: ['keyring', 'restore'],
  summary: 'Put a backup of the keyring into a data directory that no server runs on.',
  about:
    'Refused where keys would be lost that the backup does not have. What was forgotten since is erased by the next ' +
    'start.',
  arguments: [{ name: 'file', summary: 'What `keyring backup` has made.', required: true }],
  flags: [],
  examples: [
    { title: 'After a disk was lost.', line: 'ultracloud keyring restore /mnt/keyring --data /var/lib/ultracloud' },
  ],
  run: async ({ session, words }) => {
    const data = dataOf(session, words);
    const server = await session.server();
    const copy = await server.restoreKeyring({ data, file: resolve(words.argument('file') ?? '') });
    session.show({ json: copy, table: () => session.fields(copy), names: () => [copy.file] });
    if (copy.clusterKey !== 'same') {
      session.note(
        `It opens with the cluster key ${copy.clusterKeyId}: put that back too, in ${data}/keyring/cluster.key.`,
      );
    }
    return exitCodes.done;
  },
};

const dataOf = (session: Session, words: Words): string => {
  const data = words.text('data') ?? session.terminal.environment['ULTRACLOUD_DATA'];
  if (data !== undefined && data !== '') return data;
  throw usage('--data: expected the data directory with the keyring, got nothing.');
};

export const keyringVerbs: readonly Verb[] = [status, rotate, backup, restore];
