import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import { loadDocs, txnDoc, type DocLoadCommand, type DocTxnCommand } from '#commands/flaredb/doc';
import type { Rejection } from '#commands/rejection';
import { only } from '#aggregates/access';
import type { Procedure } from '#aggregates/procedure';
import { docKind, docRejections, unexpired, versionOf } from '#aggregates/flaredb/doc';

type Operation = DocTxnCommand['body']['operations'][number];

const repeated = {
  'doc.repeated': {
    category: 'invalid',
    summary: 'A document is named twice.',
    fix: 'Change each document once; a document changes at most once per position.',
  },
} as const;

export const docTxn: Procedure<DocTxnCommand> = {
  command: txnDoc,
  rejections: { ...docRejections, ...repeated },
  perform({ body: { checks = [], operations } }, work, moment) {
    for (const { id, version } of checks) {
      const refused = work.forbidden('doc.read', only('doc', id));
      if (refused !== undefined) return left(refused);
      const found = versionOf(work, id, unexpired(work.get(docKind, id)?.state, moment));
      if (found !== version) return left({ code: 'doc.version', detail: { id, expected: version, found } });
    }
    const commands = operations.map(commandOf);
    const twice = repeatedId(commands);
    if (twice !== undefined) return left({ code: 'doc.repeated', detail: { id: twice } });
    for (const command of commands) {
      const done = work.run(command);
      if (isLeft(done)) return done;
    }
    return right({ documents: commands.map(({ id }) => ({ id, version: work.get(docKind, id)?.version ?? 0 })) });
  },
};

/** A load puts documents whatever was there before. */
const loadRejections = {
  'namespace.absent': docRejections['namespace.absent'],
  'namespace.full': docRejections['namespace.full'],
  'doc.tooLarge': docRejections['doc.tooLarge'],
  'doc.unindexable': docRejections['doc.unindexable'],
  'doc.duplicate': docRejections['doc.duplicate'],
  ...repeated,
} as const;

export const docLoad: Procedure<DocLoadCommand> = {
  command: loadDocs,
  rejections: loadRejections,
  perform({ body: { namespace, documents } }, work): Either<Rejection, { written: number; unchanged: number }> {
    const commands = documents.map(({ key, document }) => ({
      kind: 'doc.put',
      id: `${namespace}/${key}`,
      body: { document },
    }));
    const twice = repeatedId(commands);
    if (twice !== undefined) return left({ code: 'doc.repeated', detail: { id: twice } });
    let written = 0;
    for (const command of commands) {
      const done = work.run(command);
      if (isLeft(done)) return done;
      if (done.right.length > 0) written++;
    }
    return right({ written, unchanged: documents.length - written });
  },
};

const commandOf = (operation: Operation): AnyCommand => {
  if ('put' in operation) {
    const { id, ...body } = operation.put;
    return { kind: 'doc.put', id, body };
  }
  if ('patch' in operation) {
    const { id, ...body } = operation.patch;
    return { kind: 'doc.patch', id, body };
  }
  const { id, ...body } = operation.delete;
  return { kind: 'doc.delete', id, body };
};

const repeatedId = (commands: readonly AnyCommand[]): string | undefined => {
  const seen = new Set<string>();
  for (const { id } of commands) {
    if (seen.has(id)) return id;
    seen.add(id);
  }
  return undefined;
};
