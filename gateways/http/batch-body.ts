import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { bytesToText } from '#commands/codec/bytes';
import type { Json } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { below } from '#commands/codec/expectation';
import type { Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';
import { applyBatch } from '#commands/cluster/batch';
import type { AnyCommand, AnyCommandSpec } from '#commands/command';
import type { Vocabulary } from '#log/vocabulary';

interface WrittenCommand {
  readonly command: string;
  /** One char per byte. */
  readonly id?: string;
  readonly body?: Json;
}

/** Decodes the commands of a batch by their own contracts; `path` is where the list stands in the request. */
export const batchCommands = (
  vocabulary: Vocabulary,
  written: readonly WrittenCommand[],
  path: string,
): Either<readonly Problem[], readonly AnyCommand[]> => {
  const offered = [...vocabulary.commands.values()].filter(
    (spec) => !spec.internal && !spec.stamped && spec.kind !== applyBatch.kind,
  );
  const commands: AnyCommand[] = [];
  const problems: Problem[] = [];
  for (const [at, one] of written.entries()) {
    const spec = offered.find(({ kind }) => kind === one.command);
    const decoded = spec === undefined ? left([unknown(one.command, offered)]) : decodeOne(spec, one);
    if (isLeft(decoded)) {
      const here = below(path, at);
      problems.push(...decoded.left.map((problem) => ({ ...problem, path: `${here}.${problem.path}` })));
    } else commands.push(decoded.right);
    if (problems.length >= 20) break;
  }
  return problems.length === 0 ? right(commands) : left(problems.slice(0, 20));
};

const unknown = (command: string, offered: readonly AnyCommandSpec[]): Problem => {
  const hint = didYouMean(
    command,
    offered.map(({ kind }) => kind),
  );
  const problem = { path: 'command', expected: 'the name of a command, as in key.put', got: JSON.stringify(command) };
  return hint === undefined ? problem : { ...problem, hint };
};

const decodeOne = (spec: AnyCommandSpec, written: WrittenCommand): Either<readonly Problem[], AnyCommand> => {
  const id = decodeId(spec, written.id);
  const body = decode(spec.body, written.body ?? {});
  if (isLeft(id) || isLeft(body)) {
    const ofBody = isLeft(body) ? body.left : [];
    const under = ofBody.map((problem) => ({
      ...problem,
      path: problem.path === '' ? 'body' : `body.${problem.path}`,
    }));
    return left([...(isLeft(id) ? id.left : []), ...under]);
  }
  return right({ kind: spec.kind, id: id.right, body: body.right });
};

const decodeId = (spec: AnyCommandSpec, id: string | undefined): Either<readonly Problem[], string> => {
  if (spec.id === undefined) {
    return id === undefined ? right('') : left([{ path: 'id', expected: 'no id for this command', got: 'one' }]);
  }
  if (id === undefined) return left([{ path: 'id', expected: `the id of a ${spec.noun}`, got: 'nothing' }]);
  const { shape } = spec.id;
  const binary = shape.kind === 'bytes';
  const form = binary ? { base64: Buffer.from(id, 'latin1').toString('base64') } : (bytesToText(id) ?? '\ud800');
  const decoded = decode(spec.id, form);
  if (isLeft(decoded)) return left(decoded.left.map((problem) => ({ ...problem, path: 'id' })));
  return right(decoded.right as string); // Ids are text or binary strings.
};

/** The body of an entry of `batch.apply`: decoded commands in the form in which its procedure reads them. */
export const batchBody = (commands: readonly AnyCommand[]): unknown => ({
  commands: commands.map(({ kind, id, body }) => ({ command: kind, id, body })),
});
