import { at, listAt, textAt } from '#gateways/cli/json';
import type { Session } from '#gateways/cli/session';
import { visible } from '#gateways/cli/visible';

/** Rules that were looked at, and how each fares with what was asked. */
const rulesTable = (session: Session, permission: string, rules: readonly unknown[]): string =>
  session.table(
    [{ title: 'BINDING' }, { title: 'FOR' }, { title: 'ROLE' }, { title: 'WHERE' }, { title: 'AND HERE' }],
    rules.map((rule) => [
      cell(rule, 'binding'),
      cell(rule, 'subject'),
      cell(rule, 'role'),
      cell(rule, 'place'),
      faresText(permission, rule),
    ]),
  );

const cell = (rule: unknown, path: string): string => visible(textAt(rule, path) ?? '');

const faresText = (permission: string, rule: unknown): string => {
  const denies = textAt(rule, 'effect') === 'deny';
  if (at(rule, 'permits') !== true) return `${denies ? 'denies' : 'permits'} no ${permission}`;
  if (at(rule, 'covers') === undefined) return `${denies ? 'denies' : 'permits'} ${permission} there`;
  if (at(rule, 'covers') !== true) return 'holds elsewhere';
  const unmet = textAt(rule, 'unmet');
  if (unmet !== undefined) return `its condition is not met: ${unmet}`;
  return denies ? 'denies it' : 'grants it';
};

/** Why somebody may do something or not, and what would be enough. */
export const whyLines = (session: Session, answer: unknown): readonly string[] => {
  const permission = textAt(answer, 'permission') ?? '';
  const rules = listAt(answer, 'considered');
  const enough = listAt(answer, 'enough');
  const shown = rules.length === 0 ? ['No binding is for it.'] : rulesTable(session, permission, rules).split('\n');
  const lines = [reasonText(answer), '', ...shown];
  if (enough.length === 0) return lines;
  const denied = textAt(answer, 'reason') === 'denied';
  return [
    ...lines,
    '',
    denied ? 'What lifts it, run by somebody who may:' : 'Any of these would be enough, run by somebody who may:',
    ...enough.map((one) => `  ${visible(textAt(one, 'command') ?? '')}`),
  ];
};

const reasonText = (answer: unknown): string => {
  const text = (path: string): string => visible(textAt(answer, path) ?? '');
  const told: Readonly<Record<string, string>> = {
    granted: `Granted by the binding ${text('binding')}.`,
    own: 'Everybody may do this to itself and to what is its own.',
    unlimited: 'It may do everything, whatever is bound: every use of it is in `ultracloud events`.',
    denied: `Denied by the binding ${text('binding')}, whatever others grant.`,
    ended: `What was shown stands for nobody: ${text('ended')}.`,
    hidden: 'To it there is no such object: it may not read it, nor its project or organisation, if they are there.',
    internal: 'Only the process itself sends such commands.',
    unknown: 'What it asked for cannot be told any more: its entry is not in the log.',
    missing: `No rule grants ${text('permission')} on ${text('resource')}.`,
  };
  const reason = text('reason');
  return Object.hasOwn(told, reason) ? (told[reason] ?? '') : reason;
};
