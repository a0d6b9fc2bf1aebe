import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { tryOut } from '#log/try';
import { answer, malformed } from '#gateways/http/answer';
import { batchCommands } from '#gateways/http/batch-body';
import { rejectedForm, type Forms } from '#gateways/http/event-form';
import { pastAt, positionOf } from '#gateways/http/moment';
import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { Trial } from '#gateways/fixed-routes';
import type { Node } from '#gateways/node';

const readNothing = queryReader({});

/** Commands tried one after another on what is, or was: each sees what the ones before it would have done. */
export const trialRoute = (node: Node, forms: Forms): Route => ({
  method: 'POST',
  path: '/v1/whatif',
  handle: ({ body, query, principal }) => {
    const read = readNothing(query);
    const trial = decode(Trial, body === undefined ? {} : body);
    if (isLeft(read) || isLeft(trial)) {
      return malformed([read, trial].flatMap((part) => (isLeft(part) ? part.left : [])));
    }
    const commands = batchCommands(node.engine.vocabulary, trial.right.commands, 'commands');
    if (isLeft(commands)) return malformed(commands.left);
    const { at: moment } = trial.right;
    const at = positionOf(node, typeof moment === 'string' || moment === undefined ? moment : JSON.stringify(moment));
    if (isLeft(at)) return at.left;
    const position = at.right ?? node.engine.head.position;
    const submissions = commands.right.map((command) => ({
      ...command,
      principal: principal.name,
      credential: principal.credential,
      source: 'http',
      address: principal.address,
    }));
    const past = pastAt(node, position);
    const tried = tryOut(node.engine, submissions, { at: position, onRead: past.onRead });
    const gone = past.gone();
    if (gone !== undefined) return gone;
    const outcomes = tried.map(({ kind, id, result }) => {
      const about = { command: kind, ...forms.id(kind.slice(0, kind.indexOf('.')), id) };
      if (result.status === 'rejected') return { ...about, outcome: 'rejected', ...rejectedForm(result) };
      if (result.status === 'duplicate') throw new Error('a trial has no request id to be a duplicate of');
      return { ...about, outcome: 'accepted', events: forms.events(result.events), ...forms.reply(kind, result.reply) };
    });
    return answer({ position, dryRun: true, outcomes }, position);
  },
});
