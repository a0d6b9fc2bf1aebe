import type { AnyCommand } from '#commands/command';
import type { Facts } from '#aggregates/facts';
import { certificatesOfSubject } from '#aggregates/certificate';
import type { Reaction } from '#aggregates/procedure';
import { bindingsByPlace, bindingsBySubject } from '#aggregates/iam/binding-state';
import { endAccessKeys } from '#aggregates/iam/access-key';
import { endSessions } from '#aggregates/iam/session';
import { groupsByMember } from '#aggregates/iam/standing';

/** More than any decision lets there be. */
const all = 10_000;

const endAll = (facts: Facts, index: string, key: string): readonly AnyCommand[] =>
  facts
    .index(index, { from: key, to: `${key}\0`, limit: all })
    .map(({ id }) => ({ kind: 'binding.end', id, body: {} }));

const leaveAll = (facts: Facts, member: string): readonly AnyCommand[] =>
  facts
    .index(groupsByMember, { from: member, to: `${member}\0`, limit: all })
    .map(({ id }) => ({ kind: 'group.remove', id, body: { member } }));

const revokeAll = (facts: Facts, subject: string): readonly AnyCommand[] =>
  facts
    .index(certificatesOfSubject, { from: subject, to: `${subject}\0`, limit: all })
    .map(({ id }) => ({ kind: 'certificate.revoke', id, body: { reason: 'cessationOfOperation' } }));

/** What was granted goes with whoever it was granted to, and with where it held: a name that comes again is bare. */
export const clearing: readonly Reaction[] = [
  ...['user', 'service-account', 'host'].map((noun): Reaction => ({
    on: `${noun}.deleted`,
    react: ({ id }, facts) => [
      ...endAll(facts, bindingsBySubject, `${noun}/${id}`),
      ...leaveAll(facts, `${noun}/${id}`),
      ...endSessions(facts, `${noun}/${id}`),
      ...(noun === 'service-account' ? endAccessKeys(facts, id) : []),
      ...(noun === 'host' ? revokeAll(facts, `host/${id}`) : []),
    ],
  })),
  { on: 'group.deleted', react: ({ id }, facts) => endAll(facts, bindingsBySubject, `group/${id}`) },
  ...['project', 'organisation'].map((noun): Reaction => ({
    on: `${noun}.deleted`,
    react: ({ id }, facts) => endAll(facts, bindingsByPlace, `${noun}/${id}`),
  })),
];
