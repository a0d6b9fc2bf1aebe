import { isRight } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { kind } from '#aggregates/facts';
import type { Engine } from '#log/engine';
import { bySystem } from '#gateways/server/by-system';
import type { DataDirectory } from '#gateways/server/data-directory';
import { credentialsIn } from '#gateways/server/keyring/cluster-key';
import type { Keyring } from '#gateways/server/keyring/keyring';
import { keyringDisk } from '#gateways/server/keyring/keyring-disk';
import { openKeyring } from '#gateways/server/keyring/open-keyring';
import type { Notices } from '#gateways/server/notices';

interface SecretKey {
  readonly keys: readonly { readonly key: string; readonly forgottenAt?: number }[];
}

const secretKeyKind = kind<SecretKey>('secret-key');

const RETRY_MS = 10_000;
/** More than anybody reads. */
const NAMED_AT_MOST = 5;

export interface NodeKeyring {
  readonly keyring: Keyring;
  stop(): void;
}

/**
 * The keyring of a node that has caught up with its log. The log is told of each key by its id, and a key that it
 * forgets is erased before whoever asked for that gets an answer. What a crash left between the two is made good at
 * the start, and what a fault of the disk or the log has left is tried again.
 */
export const startKeyring = (data: DataDirectory, engine: Engine, notices: Notices): NodeKeyring => {
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = (): void => {
    if (!stopped) retry ??= setTimeout(settle, RETRY_MS).unref();
  };

  const submit = (command: { readonly kind: string; readonly id: string; readonly body: unknown }): void => {
    void engine.submit({ ...command, ...bySystem }).then(({ result }) => {
      if (result.status === 'rejected') notices.tell('keyring refused', `keyring: ${command.id}: ${result.message}`);
    }, again);
  };
  const tellOf = ({ id, subject }: { readonly id: string; readonly subject: string }): void =>
    submit({ kind: 'secret-key.add', id: subject, body: { key: id } });

  const known = new Map<string, { readonly subject: string; readonly forgotten: boolean }>();
  const read = (): void => {
    known.clear();
    for (const { id: subject, state } of engine.facts.range(secretKeyKind, { from: '', limit: Infinity })) {
      for (const { key, forgottenAt } of state.keys) known.set(key, { subject, forgotten: forgottenAt !== undefined });
    }
  };
  read();
  const live = [...known.values()].filter(({ forgotten }) => !forgotten).map(({ subject }) => subject);

  const keyring = openOf(data, notices, {
    knownSubjects: new Set(live).size,
    isSubject: subjectCheck(engine),
    made: tellOf,
  });

  const erase = (keyIds: readonly string[]): void => {
    const before = keyring.status()?.clusterKeyId;
    try {
      keyring.erase(keyIds);
      notices.takeBack('keyring erasure');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      notices.tell(
        'keyring erasure',
        `keyring: a forgotten key cannot be erased on the disk, and is tried again: ${why}`,
      );
      again();
    }
    tellOfCopies(keyring, before, keyIds.length > 0, notices);
  };

  /** Makes the log and the keyring know the same. */
  const settle = (): void => {
    clearTimeout(retry);
    retry = undefined;
    if (keyring.unavailable !== undefined) return;
    read();
    const held = new Map(keyring.keys().map((key) => [key.id, key]));
    const forgotten = [...known].filter(([, key]) => key.forgotten).map(([id]) => id);
    // Without any, this finishes what a fault has cut off.
    erase(forgotten.filter((id) => held.get(id)?.erased === false));
    for (const [id, { subject, erased }] of held) {
      const logged = known.get(id);
      if (logged === undefined && !erased) tellOf({ id, subject });
      // A data directory that was restored from a backup does not know what was forgotten since.
      if (logged?.forgotten === false && erased) {
        submit({ kind: 'secret-key.forget', id: subject, body: { keys: [id] } });
      }
    }
    const missing = [...known].filter(([id, key]) => !key.forgotten && !held.has(id)).map(([, { subject }]) => subject);
    if (missing.length > 0) notices.tell('keyring keys', missingNotice(data, [...new Set(missing)]));
    else notices.takeBack('keyring keys');
  };
  settle();

  const stopListening = engine.onApplied((batch) => {
    // Nearly every batch has none: nothing is made for it.
    let forgotten: string[] | undefined;
    for (const { result } of batch) {
      if (result.status !== 'accepted') continue;
      for (const { kind: event, body } of result.events) {
        if (event === 'secret-key.forgotten') (forgotten ??= []).push(...(body as { readonly keys: string[] }).keys);
      }
    }
    if (forgotten !== undefined) erase(forgotten);
  });
  return {
    keyring,
    stop: () => {
      stopped = true;
      clearTimeout(retry);
      stopListening();
    },
  };
};

const openOf = (
  data: DataDirectory,
  notices: Notices,
  log: Pick<Parameters<typeof openKeyring>[0], 'knownSubjects' | 'isSubject' | 'made'>,
): Keyring => {
  const mended: string[] = [];
  const disk = keyringDisk(data.keyringPath, mended);
  const credentials = credentialsIn(process.env['CREDENTIALS_DIRECTORY']);
  const keyring = openKeyring({ ...log, disk, credentials, tell: (why) => notices.tell('keyring', why) });
  for (const notice of mended) notices.tell(notice, notice);
  return keyring;
};

/** What the log takes as the id of a subject. */
const subjectCheck = (engine: Engine): ((subject: string) => boolean) => {
  const codec = engine.vocabulary.commands.get('secret-key.add')?.id;
  return (subject) => codec === undefined || isRight(decode(codec, subject));
};

/** Old copies of the keyring open with the old cluster key, wherever that was copied to. */
const tellOfCopies = (
  keyring: Keyring,
  clusterKeyBefore: string | undefined,
  hasErased: boolean,
  notices: Notices,
): void => {
  const status = keyring.status();
  if (status === undefined) return;
  if (status.clusterKeyId !== clusterKeyBefore) {
    notices.tell(
      'keyring copies',
      'keyring: keys were forgotten, and the cluster key was changed with that. Copies of the keyring and of ' +
        'cluster.key from before cannot be used any more: destroy them, and make new ones (docs/operating/secrets.md).',
    );
  } else if (hasErased && status.deleteBackupsBefore !== undefined) {
    notices.tell(
      'keyring copies',
      'keyring: keys were forgotten. The cluster key is a credential and stays, so delete every backup of the ' +
        `keyring of a generation before ${status.deleteBackupsBefore}: the forgotten keys are in it.`,
    );
  }
};

const missingNotice = (data: DataDirectory, subjects: readonly string[]): string => {
  const named = subjects.slice(0, NAMED_AT_MOST).join(', ');
  const more = subjects.length > NAMED_AT_MOST ? ` and ${subjects.length - NAMED_AT_MOST} more` : '';
  return (
    `${data.keyringPath}: keys of ${named}${more} are missing, so what was sealed with them cannot be read. Stop the ` +
    'server and put a newer backup back: ultracloud keyring restore BACKUP --data DIRECTORY.'
  );
};
