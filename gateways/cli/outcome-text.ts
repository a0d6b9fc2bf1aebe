import { eventLines } from '#gateways/cli/decided';
import { isObject, listAt, numberAt, textAt } from '#gateways/cli/json';
import { idWordOf } from '#gateways/cli/key-text';
import { visible } from '#gateways/cli/visible';
import type { Session } from '#gateways/cli/session';

/** What a line of the log is about, as in `key.put key/config/color`. */
export const commandText = (outcome: unknown): string => {
  const command = textAt(outcome, 'command') ?? '';
  const noun = command.split('.')[0] ?? '';
  const id = idWordOf(outcome, noun);
  return id === undefined ? command : `${command}  ${noun}/${id}`;
};

/** Who made it, when and through what. */
const whoText = (outcome: unknown): string =>
  [
    textAt(outcome, 'time') ?? '',
    `by ${textAt(outcome, 'principal') ?? '?'} (${textAt(outcome, 'credential') ?? '?'})`,
    `through ${textAt(outcome, 'source') ?? '?'}`,
  ]
    .map(visible)
    .join(' ');

/** What it came to, a line for each event or the refusal with its advice. */
export const resultLines = (outcome: unknown): readonly string[] => {
  const came = textAt(outcome, 'outcome');
  if (came === 'rejected') {
    return [
      `refused: ${visible(textAt(outcome, 'message') ?? '')} (${textAt(outcome, 'code') ?? ''})`,
      ...detailLine(outcome),
      `fix: ${visible(textAt(outcome, 'fix') ?? '')}`,
    ];
  }
  if (came === 'duplicate') {
    return [`the same request came before; its outcome stands at position ${numberAt(outcome, 'original') ?? '?'}`];
  }
  const events = eventLines(listAt(outcome, 'events'));
  const others = numberAt(outcome, 'otherEvents');
  const more = others === undefined ? [] : [`(${others} more at this position, of other things)`];
  return events.length + more.length === 0 ? ['nothing changed'] : [...events, ...more];
};

const detailLine = (outcome: unknown): readonly string[] => {
  const detail = isObject(outcome) ? outcome['detail'] : undefined;
  if (!isObject(detail)) return [];
  return [
    Object.entries(detail)
      .map(([name, value]) => `${name}=${visible(String(value))}`)
      .join('  '),
  ];
};

/** One entry of the log with its outcome, as a block of lines. */
export const outcomeBlock = (session: Session, outcome: unknown): string => {
  const position = numberAt(outcome, 'position') ?? 0;
  const head = `${session.style.bold(String(position).padStart(8))}  ${commandText(outcome)}`;
  const lines = [session.style.dim(whoText(outcome)), ...resultLines(outcome)];
  return [head, ...lines.map((line) => `${' '.repeat(10)}${line}`)].join('\n');
};
