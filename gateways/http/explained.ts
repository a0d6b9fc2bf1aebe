import type { ConsideredGrant, Explanation, Target } from '#aggregates/access';
import { nounAndId } from '#aggregates/named';
import { breakGlass, systemPrincipal } from '#log/authority';
import type { Form } from '#gateways/http/event-form';
import { shown } from '#gateways/http/resource';

/** Roles that are offered: the ones that permit least. */
const maxOffered = 5;

/** They may do everything but what only the other one does, whatever is bound. */
export const isUnlimited = (principal: string): boolean => principal === breakGlass || principal === systemPrincipal;

/** An explanation for whoever may know of what was asked of. */
export const explanationForm = (principal: string, target: Target, explained: Explanation): Form => ({
  allowed: explained.allowed,
  reason: explained.reason,
  ...(explained.binding === undefined ? {} : { binding: explained.binding }),
  ...(explained.ended === undefined ? {} : { ended: explained.ended }),
  considered: explained.considered,
  ...(explained.allowed ? {} : enoughForm(principal, target, explained)),
});

/** For everybody else it says of each rule whether its role permits it, and nothing of the object. */
export const hiddenForm = ({ considered }: Explanation): Form => ({
  allowed: false,
  reason: 'hidden',
  considered: considered.map(({ covers: _covers, unmet: _unmet, ...grant }: ConsideredGrant) => grant),
});

const enoughForm = (principal: string, target: Target, { reason, binding, roles }: Explanation): Form => {
  if (reason === 'denied') {
    return { enough: [{ command: `ultracloud binding delete ${binding ?? ''}` }] };
  }
  if (reason !== 'missing') return {};
  const enough = roles.slice(0, maxOffered).map((role) => ({ role, command: bindingCommand(principal, role, target) }));
  return { enough };
};

/** The command line that grants a role just where it is missing. */
const bindingCommand = (principal: string, role: string, { owners, objects }: Target): string => {
  const name = bindingName(principal, role);
  return `ultracloud binding create ${name} --subject ${principal} --role ${role}${placeFlags(owners, objects)}`;
};

const placeFlags = (owners: readonly string[], objects: Target['objects']): string => {
  const own = objects === undefined ? [] : [`${objects.noun}/${objects.from}`];
  const owner = [...owners, ...own].findLast((name) => /^(?:project|organisation)\//.test(name));
  if (owner !== undefined) return ` --${owner.replace('/', ' ')}`;
  if (objects === undefined) return '';
  const { noun, from, to } = objects;
  if (from === '') return '';
  const flag = to === `${from}\0` ? 'object' : 'prefix';
  return ` --noun ${noun} --${flag} ${quoted(shown(from))}`;
};

const quoted = (word: string): string => (/^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

const maxLabel = 63;

const bindingName = (principal: string, role: string): string =>
  `${nounAndId(principal)[1]}-${role}`
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, maxLabel)
    .replaceAll(/^-+|-+$/g, '');
