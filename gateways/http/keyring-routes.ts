import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { answer, malformed, refusal, rejection, type Answer, type Ask } from '#gateways/http/answer';
import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { KeyringRotation } from '#gateways/fixed-routes';
import type { Node } from '#gateways/node';

const readNothing = queryReader({});

/** What an operator does to the keyring of this node; no answer has a key in it. */
export const keyringRoutes = (node: Node): readonly Route[] => [
  { method: 'GET', path: '/v1/keyring', handle: (ask) => show(node, ask) },
  { method: 'POST', path: '/v1/keyring-rotate', handle: (ask) => rotate(node, ask) },
];

const show = ({ keyring }: Node, { query }: Ask): Answer => {
  const read = readNothing(query);
  return isLeft(read) ? malformed(read.left) : answer(about(keyring));
};

const about = (keyring: Node['keyring']): unknown =>
  keyring.unavailable === undefined
    ? { available: true, ...keyring.status() }
    : { available: false, reason: keyring.unavailable };

const rotate = (node: Node, { query, body }: Ask): Answer => {
  const { keyring, engine } = node;
  const read = readNothing(query);
  const asked = decode(KeyringRotation, body === undefined ? {} : body);
  if (isLeft(read)) return malformed(read.left);
  if (isLeft(asked)) return malformed(asked.left);
  const { position } = engine.head;
  const refused = (code: string): Answer => {
    const spec = engine.vocabulary.rejections.get(code);
    if (spec === undefined) throw new Error(`the catalogue has no ${code}`);
    return rejection({ code }, spec, position);
  };
  const unavailable = (reason: string): Answer => refusal('keyring.unavailable', { position, detail: { reason } });
  const { subject } = asked.right;
  if (keyring.unavailable !== undefined) return unavailable(keyring.unavailable);
  try {
    if (subject === undefined) {
      keyring.rotateClusterKey();
      return answer(about(keyring));
    }
    if (!keyring.keys().some((key) => key.subject === subject && !key.erased)) return refused('secret-key.absent');
    const key = keyring.rotateSubject(subject);
    return key === undefined ? refused('secret-key.tooMany') : answer({ subject, key });
  } catch (error) {
    return unavailable(error instanceof Error ? error.message : String((error as { message?: unknown }).message));
  }
};
