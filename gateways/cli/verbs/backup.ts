import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import { cellText } from '#gateways/cli/format';
import { at, listAt, textAt } from '#gateways/cli/json';
import type { Call, Verb } from '#gateways/cli/verb';

/** Has the server write and check a backup, however long that takes; gives what it says of it. */
export const takeBackup = async ({ session, words }: Call): Promise<unknown> => {
  const client = await session.client({ timeoutMs: session.settings.timeoutMs ?? Infinity });
  const name = words.argument('name');
  const { json } = await client.ask({ method: 'POST', path: '/v1/backups', body: name === undefined ? {} : { name } });
  return json;
};

const create: Verb = {
  words: ['backup', 'create'],
  summary: 'Write and check a backup on the server, while commands go on.',
  arguments: [{ name: 'name', summary: 'Its name; one with the time unless given.', required: false }],
  flags: [],
  examples: [{ title: 'Before a change.', line: 'ultracloud backup create before-change' }],
  run: async (call) => {
    const { session } = call;
    const json = await takeBackup(call);
    session.show({ json, table: () => session.fields(json), names: () => [textAt(json, 'name') ?? ''] });
    session.note('Copy the directory to another machine; docs/operating says how to restore it.');
    return exitCodes.done;
  },
};

const columns = [
  { title: 'NAME', path: 'name' },
  { title: 'POSITION', path: 'position', right: true },
  { title: 'TAKEN', path: 'takenAt' },
  { title: 'ROWS', path: 'rows', right: true },
  { title: 'BYTES', path: 'bytes', right: true },
  { title: 'PATH', path: 'path' },
];

const list: Verb = {
  words: ['backup', 'list'],
  summary: 'List the backups on the server.',
  arguments: [],
  flags: [],
  examples: [{ title: 'Which are there?', line: 'ultracloud backup list' }],
  run: async ({ session }) => {
    const { json } = await (await session.client()).ask({ method: 'GET', path: '/v1/backups' });
    const items = listAt(json, 'items');
    session.show({
      json,
      table: () =>
        items.length === 0
          ? 'No backup yet. Take one: ultracloud backup create. On a schedule: ultracloud serve --backup-every 24h'
          : session.table(
              columns,
              items.map((item) => columns.map(({ path }) => cellText(at(item, path)))),
            ),
      names: () => items.map((item) => textAt(item, 'name') ?? ''),
    });
    return exitCodes.done;
  },
};

const restore: Verb = {
  words: ['backup', 'restore'],
  summary: 'Make a data directory from a backup. Positions go on far behind those of the backup.',
  about: 'Works without a server. The directory of --data must be empty or absent.',
  arguments: [{ name: 'backup', summary: 'The directory of the backup.', required: true }],
  flags: [{ name: 'new-id', summary: 'As another cluster, which agents of the old one refuse.' }],
  examples: [
    { title: 'On an empty machine.', line: 'ultracloud backup restore ./backups/nightly --data /var/lib/ultracloud' },
    { title: 'A copy to try things with.', line: 'ultracloud backup restore ./backups/nightly --data ./copy --new-id' },
  ],
  run: async ({ session, words }) => {
    const data = words.text('data');
    if (data === undefined) throw usage('--data: expected the directory to restore into, got nothing.');
    const server = await session.server();
    const backup = words.argument('backup') ?? '';
    const restored = await session.during(
      `restoring ${backup} into ${data}`,
      server.restore({ backup, data, newId: words.on('new-id') }),
    );
    session.show({ json: restored, table: () => session.fields(restored) });
    session.note(`Start it: ultracloud serve --data ${data}`);
    return exitCodes.done;
  },
};

export const backupVerbs: readonly Verb[] = [create, list, restore];
