import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';
import { Member } from '#commands/iam/name';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import { only, type Access, type Holder } from '#aggregates/access';
import { everyPermission } from '#gateways/catalog';
import { fixedRoutes } from '#gateways/fixed-routes';
import { answer, malformed, type Answer, type Ask } from '#gateways/http/answer';
import type { Form, Forms } from '#gateways/http/event-form';
import { explanationForm, hiddenForm, isUnlimited } from '#gateways/http/explained';
import { judged } from '#gateways/http/judge';
import { strict } from '#gateways/http/operator-routes';
import { policyTrial } from '#gateways/http/policy-trial';
import { queryReader, type Query } from '#gateways/http/query';
import { resourceIn, targetOf, type Resource } from '#gateways/http/resource';
import type { Route } from '#gateways/http/route';
import { whyDenied } from '#gateways/http/why-denied';
import type { Node } from '#gateways/node';
import { canParameters, whoCanParameters } from '#gateways/rights-routes';

const readCan = queryReader(canParameters);
const readWhoCan = queryReader(whoCanParameters);
const readNothing = queryReader({});

/** Made roles that one answer lists. */
const maxRoles = 1_000;

/** Who may do what, and why. */
export const iamRoutes = (node: Node, forms: Forms): readonly Route[] => {
  const { access } = node.engine.vocabulary;
  if (access === undefined) return [];
  return [
    { method: 'GET', path: '/v1/whoami', handle: (ask) => whoami(node, access, ask) },
    { method: 'GET', path: '/v1/iam/can', handle: (ask) => can(node, access, ask) },
    { method: 'GET', path: '/v1/iam/who-can', handle: (ask) => whoCan(node, access, ask) },
    {
      method: 'GET',
      path: '/v1/iam/why-denied/{request}',
      handle: (ask) => whyDenied(node, access, forms, ask),
    },
    { method: 'POST', path: '/v1/iam/try', handle: (ask) => policyTrial(node, access, forms, ask) },
    { method: 'GET', path: '/v1/iam/permissions', handle: strict(() => answer({ items: permissions(node) })) },
    { method: 'GET', path: '/v1/iam/roles', handle: (ask) => roles(node, access, ask) },
  ];
};

const whoami = (node: Node, access: Access, { principal: caller, query }: Ask): Answer => {
  const read = readNothing(query);
  if (isLeft(read)) return malformed(read.left);
  const { name: principal, credential, address } = caller;
  const unlimited = isUnlimited(principal);
  const grants = unlimited ? [] : access.grants(node.engine.facts, principal);
  return answer({ principal, credential, address, ...(unlimited ? { unlimited } : {}), grants });
};

const can = (node: Node, access: Access, { query, principal: caller }: Ask): Answer => {
  const read = readCan(query);
  if (isLeft(read)) return malformed(read.left);
  const asked = askedIn(node, read.right);
  if (isLeft(asked)) return malformed(asked.left);
  const { permission, resource } = asked.right;
  const principal = (read.right['principal'] as string | undefined) ?? caller.name;
  const isSelf = principal === caller.name;
  if (!isSelf && !isUnlimited(principal) && isLeft(decode(Member, principal))) {
    const expected = 'user/…, service-account/…/…, host/… or admin';
    const hint = /^[a-z0-9-]+$/.test(principal) ? `did you mean user/${principal}?` : undefined;
    const problem = { path: 'principal', expected, got: JSON.stringify(principal) };
    return malformed([hint === undefined ? problem : { ...problem, hint }]);
  }
  const refused = isSelf ? undefined : judged(node, caller, 'binding.read', resource.range);
  if (refused !== undefined) return refused;
  const { facts, now, vocabulary, head } = node.engine;
  const about = { principal, permission, resource: resource.text };
  if (isUnlimited(principal)) return answer({ ...about, allowed: true, reason: 'unlimited', considered: [] });
  const target = targetOf(vocabulary, permission, resource, facts);
  const address = (read.right['address'] as string | undefined) ?? (isSelf ? caller.address : '');
  const shown = isSelf ? { credential: caller.credential } : {};
  const question = { principal, ...shown, address, now: Math.max(now, head.nowMs), permission, target };
  const whole = access.explain(facts, question);
  // Of others only what counts here is told, and what the caller may read anyway.
  const considered = whole.considered.filter(
    ({ binding, covers }) =>
      isSelf || covers || node.refuses(caller, 'binding.read', only('binding', binding)) === undefined,
  );
  const explained = { ...whole, considered };
  const isHidden = isSelf && node.refuses(caller, permission, resource.range)?.code === 'object.absent';
  const form = isHidden ? hiddenForm(explained) : explanationForm(principal, target, explained);
  return answer({ ...about, ...form });
};

const whoCan = (node: Node, access: Access, { query, principal: caller }: Ask): Answer => {
  const read = readWhoCan(query);
  if (isLeft(read)) return malformed(read.left);
  const asked = askedIn(node, read.right);
  if (isLeft(asked)) return malformed(asked.left);
  const { permission, resource } = asked.right;
  const refused = judged(node, caller, 'binding.read', resource.range);
  if (refused !== undefined) return refused;
  const { facts, now, vocabulary, head } = node.engine;
  const target = targetOf(vocabulary, permission, resource, facts);
  const { allowed, denied, more } = access.whoCan(facts, permission, target, Math.max(now, head.nowMs));
  return answer({
    permission,
    resource: resource.text,
    allowed: allowed.map(holderForm),
    denied: denied.map(holderForm),
    ...(more ? { more } : {}),
  });
};

const holderForm = ({ principal, grant, unmet }: Holder): Form => ({
  principal,
  ...(grant === undefined ? { own: true } : grant),
  ...(unmet === undefined ? {} : { unmet }),
});

interface AskedFor {
  readonly permission: string;
  readonly resource: Resource;
}

/** The permission and the resource of a question. */
const askedIn = ({ engine }: Node, query: Query): Either<readonly Problem[], AskedFor> => {
  const permission = query['permission'] as string | undefined;
  const written = query['resource'] as string | undefined;
  const missing = (path: string, expected: string): Problem => ({ path, expected, got: 'nothing' });
  const resource =
    written === undefined
      ? left([missing('resource', 'cluster, or noun/id as in project/shop')])
      : resourceIn(engine.vocabulary, written);
  const known = everyPermission();
  if (permission === undefined) {
    return left([missing('permission', 'a permission as in key.put'), ...(isLeft(resource) ? resource.left : [])]);
  }
  if (known.includes(permission)) return isLeft(resource) ? resource : right({ permission, resource: resource.right });
  const hint = didYouMean(permission, known);
  const problem: Problem = {
    path: 'permission',
    expected: 'a permission that `ultracloud iam permissions` lists',
    got: JSON.stringify(permission),
    ...(hint === undefined ? {} : { hint }),
  };
  return left([problem, ...(isLeft(resource) ? resource.left : [])]);
};

/** Every permission with the commands, reads and other operations that ask for it. */
const permissions = ({ engine: { vocabulary } }: Node): readonly Form[] => {
  const commands = [...vocabulary.commands.values()].filter(({ internal }) => !internal);
  const views = [...vocabulary.views.values()];
  return everyPermission().map((permission) => {
    const ofCommands = commands.filter((spec) => spec.permission === permission);
    const ofViews = views.filter(({ spec }) => spec.permission === permission);
    const ofRoutes = fixedRoutes.filter((route) => route.permission === permission);
    const summaries = [
      ...ofCommands.map(({ summary }) => summary),
      ...ofViews.map(({ spec }) => `Read: ${spec.summary}`),
      ...ofRoutes.map(({ summary }) => summary),
    ];
    return {
      permission,
      noun: permission.slice(0, permission.indexOf('.')),
      askedBy: [
        ...ofCommands.map(({ kind }) => kind),
        ...ofViews.map(({ spec }) => `GET ${spec.route}`),
        ...ofRoutes.map(({ method, path }) => `${method} ${path}`),
      ],
      summary: summaries[0] ?? '',
    };
  });
};

const roles = (node: Node, access: Access, { query, principal: caller }: Ask): Answer => {
  const read = readNothing(query);
  if (isLeft(read)) return malformed(read.left);
  const { facts, vocabulary } = node.engine;
  const view = vocabulary.views.get('role');
  const found = view === undefined ? [] : facts.range(view.kind, { from: '', limit: maxRoles + 1 });
  const made = found.slice(0, maxRoles).flatMap((fact) => {
    const isSeen = node.refuses(caller, 'role.read', only('role', fact.id)) === undefined;
    return view === undefined || !isSeen ? [] : [encode(view.spec.row, view.row(fact, facts))];
  });
  const items = [
    ...access.builtinRoles.map((role) => ({ builtin: true, ...role })),
    ...made.map((role) => ({ builtin: false, ...(role as Form) })),
  ];
  return answer({ items, ...(found.length > maxRoles ? { more: true } : {}) });
};
