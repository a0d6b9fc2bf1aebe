import { categories, type Rejection } from '#commands/rejection';
import type { NounRange } from '#aggregates/access';
import { rejected } from '#log/decide';
import type { Answer } from '#gateways/http/answer';
import { rejectedForm, type Form } from '#gateways/http/event-form';
import type { Route } from '#gateways/http/route';
import { fixedRoutes } from '#gateways/fixed-routes';
import type { Caller, Node } from '#gateways/node';

/** A refusal in words of the catalogue, as the last line of a stream has it. */
export const refusedForm = ({ engine }: Node, refused: Rejection): Form =>
  rejectedForm(rejected(engine.vocabulary, refused));

/** A refusal in words of the catalogue. */
export const refusedAnswer = ({ engine }: Node, refused: Rejection): Answer => {
  const { position } = engine.head;
  const told = rejected(engine.vocabulary, refused);
  return { status: categories[told.category].status, text: JSON.stringify(rejectedForm(told, position)), position };
};

/**
 * What to answer to a caller who may not do something to every object of a range, or to the cluster without one;
 * undefined when it may. `at` is the position that is read, when that is past.
 */
export const judged = (
  node: Node,
  caller: Caller,
  permission: string,
  range?: NounRange,
  at?: number,
): Answer | undefined => {
  const refused = node.refuses(caller, permission, range, at);
  return refused === undefined ? undefined : refusedAnswer(node, refused);
};

/** Puts before each route that `fixedRoutes` names a permission for that it is asked for, of the cluster. */
export const judgedRoutes = (node: Node, routes: readonly Route[]): readonly Route[] =>
  routes.map((route) => {
    const fixed = fixedRoutes.find(({ method, path }) => method === route.method && path === route.path);
    // A path that names an object asks for it by itself.
    if (fixed?.permission === undefined || fixed.path.includes('{id}')) return route;
    const { permission } = fixed;
    return { ...route, handle: (ask) => judged(node, ask.principal, permission) ?? route.handle(ask) };
  });
