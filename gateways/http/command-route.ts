import type { IncomingHttpHeaders } from 'node:http';
import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { idFromPath } from '#commands/codec/id-path';
import type { Problem } from '#commands/codec/problem';
import { applyBatch, type BatchCommand } from '#commands/cluster/batch';
import { categories } from '#commands/rejection';
import type { AnyCommandSpec } from '#commands/command';
import type { Submission } from '#log/entry';
import type { Outcome } from '#log/outcome';
import { tryOut } from '#log/try';
import { answer, malformed, type Answer, type PlainAsk } from '#gateways/http/answer';
import { batchBody, batchCommands } from '#gateways/http/batch-body';
import { rejectedForm, type Forms } from '#gateways/http/event-form';
import { awaited, gone, leftOut, pastAt, positionOf } from '#gateways/http/moment';
import type { Patience } from '#gateways/http/patience';
import { queryReader, type Query } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { unrecorded } from '#gateways/http/unrecorded';
import type { Node } from '#gateways/node';
import { commandParameters } from '#gateways/query-parameters';

const readQuery = queryReader(commandParameters);

/** `POST` of one command of the catalogue. */
export const commandRoute = (node: Node, forms: Forms, patience: Patience, spec: AnyCommandSpec): Route => {
  const submission = submissionReader(node, spec);
  const handle = (ask: PlainAsk): Answer | Promise<Answer> => {
    const read = submission(ask);
    if (isLeft(read)) return malformed(read.left);
    const { query, submission: command } = read.right;
    const wait = awaited(node.engine, query);
    if (wait !== undefined) {
      return wait.then((late) => late ?? carryOut(node, forms, patience, command, query));
    }
    return carryOut(node, forms, patience, command, query);
  };
  return { method: 'POST', path: spec.route, handle, plain: handle };
};

const carryOut = (
  node: Node,
  forms: Forms,
  patience: Patience,
  command: Submission,
  query: Query,
): Answer | Promise<Answer> => {
  if (query['dryRun'] === true) return dryRun(node, forms, command, query);
  if (command.expectPosition !== undefined && command.expectPosition > node.engine.head.position) {
    const expected = `a position up to ${node.engine.head.position}, or version:N`;
    return malformed([{ path: 'expect', expected, got: String(command.expectPosition) }]);
  }
  const left = command.expectPosition === undefined ? undefined : leftOut(node.engine, command.expectPosition);
  if (left !== undefined) return left;
  return patience(node.engine.submit(command)).then((outcome) => answerOf(forms, outcome), unrecorded);
};

const answerOf = (forms: Forms, { kind, position, result }: Outcome): Answer => {
  switch (result.status) {
    case 'accepted': {
      const accepted = { position, outcome: 'accepted', events: forms.events(result.events) };
      return answer(
        result.reply === undefined ? accepted : { ...accepted, ...forms.reply(kind, result.reply) },
        position,
      );
    }
    case 'rejected': {
      const text = JSON.stringify(rejectedForm(result, position));
      return { status: categories[result.category].status, text, position };
    }
    case 'duplicate':
      // The outcome that it repeats was truncated; that it was recorded is all that is left.
      return { ...gone(result.original + 1), position };
  }
};

const dryRun = (node: Node, forms: Forms, command: Submission, query: Query): Answer => {
  const at = positionOf(node, query['at'] as string | undefined);
  if (isLeft(at)) return at.left;
  const position = at.right ?? node.engine.head.position;
  const past = pastAt(node, position);
  const [outcome] = tryOut(node.engine, [command], { at: position, onRead: past.onRead });
  const compacted = past.gone();
  if (compacted !== undefined) return compacted;
  if (outcome === undefined) throw new Error('a trial of one command has one outcome');
  const { result } = outcome;
  if (result.status !== 'accepted') return answerOf(forms, { ...outcome, position });
  const accepted = { outcome: 'accepted', dryRun: true, position, events: forms.events(result.events) };
  return answer({ ...accepted, ...forms.reply(outcome.kind, result.reply) }, position);
};

interface ReadCommand {
  readonly query: Query;
  readonly submission: Submission;
}

const submissionReader = (
  node: Node,
  spec: AnyCommandSpec,
): ((ask: PlainAsk) => Either<readonly Problem[], ReadCommand>) => {
  const readBody = bodyReader(node, spec);
  return ({ params, query: rawQuery, headers, body: written, principal }) => {
    const id = spec.id === undefined ? noId : idFromPath(spec.id, params['id'] ?? '');
    const body = readBody(written === undefined ? {} : written);
    const query = readQuery(rawQuery);
    const options = isLeft(query) ? noOptions : readOptions(query.right, headers);
    if (isLeft(id) || isLeft(body) || isLeft(query) || isLeft(options)) {
      return left([id, body, query, options].flatMap((read) => (isLeft(read) ? read.left : [])));
    }
    return right({
      query: query.right,
      submission: {
        kind: spec.kind,
        id: id.right as string, // Ids are text or binary strings.
        body: body.right,
        principal: principal.name,
        credential: principal.credential,
        address: principal.address,
        source: headers['user-agent']?.startsWith('ultracloud-cli/') === true ? 'cli' : 'http',
        ...options.right,
      },
    });
  };
};

const noId: Either<never, string> = right('');

/** The commands inside a batch are decoded here too, so that its entry holds what deciders take. */
const bodyReader = (node: Node, spec: AnyCommandSpec): ((written: unknown) => Either<readonly Problem[], unknown>) => {
  if (spec.kind !== applyBatch.kind) return (written) => decode(spec.body, written);
  return (written) => {
    const batch = decode(applyBatch.body, written);
    if (isLeft(batch)) return batch;
    const { commands }: BatchCommand['body'] = batch.right;
    const decoded = batchCommands(node.engine.vocabulary, commands, 'commands');
    return isLeft(decoded) ? decoded : right(batchBody(decoded.right));
  };
};

type Options = Pick<Submission, 'requestId' | 'expectPosition' | 'expectVersion'>;

const noOptions: Either<never, Options> = right({});

const readOptions = (query: Query, headers: IncomingHttpHeaders): Either<readonly Problem[], Options> => {
  const requestId = headers['idempotency-key'];
  const header = headers['x-ultracloud-expect'];
  const inQuery = query['expect'] as string | undefined;
  if (requestId === undefined && header === undefined && inQuery === undefined && query['at'] === undefined) {
    return noOptions;
  }
  const problems: Problem[] = [];
  if (requestId !== undefined && !(typeof requestId === 'string' && /^[!-~]{1,255}$/.test(requestId))) {
    problems.push({ path: 'Idempotency-Key', expected: '1 to 255 visible ASCII characters', got: 'something else' });
  }
  if (header !== undefined && !(typeof header === 'string' && /^(?:version:)?[0-9]{1,16}$/.test(header))) {
    problems.push({ path: 'X-UltraCloud-Expect', expected: 'a position, or version:N', got: JSON.stringify(header) });
  }
  if (header !== undefined && inQuery !== undefined) {
    problems.push({ path: 'expect', expected: 'one expectation', got: 'one here and one in X-UltraCloud-Expect' });
  }
  if (query['at'] !== undefined && query['dryRun'] !== true) {
    const hint = 'add dryRun=true to try a command at a past position';
    problems.push({ path: 'at', expected: 'no past position: commands are decided at the next one', got: 'one', hint });
  }
  if (problems.length > 0) return left(problems);
  return right({
    ...(requestId === undefined ? {} : { requestId: requestId as string }), // Checked above.
    ...expectation(inQuery ?? (header as string | undefined)),
  });
};

const expectation = (text: string | undefined): Options => {
  if (text === undefined) return {};
  return text.startsWith('version:')
    ? { expectVersion: Number(text.slice('version:'.length)) }
    : { expectPosition: Number(text) };
};
