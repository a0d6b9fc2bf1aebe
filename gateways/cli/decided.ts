import { uuidv7 } from 'uuidv7';
import type { Client } from '#gateways/cli/client';
import type { Answer } from '#gateways/cli/exchange';
import { Failure, timedOut, usage } from '#gateways/cli/failure';
import { exitCodes } from '#gateways/cli/exit-code';
import { cellText } from '#gateways/cli/format';
import { isObject, listAt, numberAt, textAt } from '#gateways/cli/json';
import { idWordOf, wordOfBytes } from '#gateways/cli/key-text';
import type { Call } from '#gateways/cli/verb';
import { pause } from '#gateways/cli/waiting';

export interface Decided {
  readonly answer: Answer;
  readonly dryRun: boolean;
}

/** Sends a command as its flags say. A refusal is a `Failure`. */
export const submit = async (call: Call, path: string, body: unknown, expected?: string): Promise<Decided> => {
  const { session, words } = call;
  const client = await session.client();
  const dryRun = words.on('dry-run');
  const expect = words.text('expect') ?? expected;
  const at = words.text('at');
  if (at !== undefined && !dryRun) {
    throw usage('--at: a command is decided at the next position.', 'Add --dry-run to try it at a past one.');
  }
  const key = words.text('idempotency-key') ?? uuidv7();
  const request = {
    method: 'POST',
    path,
    body,
    query: { dryRun: dryRun ? true : undefined, expect, at },
    headers: dryRun ? {} : { 'idempotency-key': key },
  };
  const send = (): Promise<Answer> => client.ask(request);
  const answer = await (words.on('wait') ? untilAvailable(send, session.timeoutMs, client) : send()).catch(
    (error: unknown) => {
      throw withKey(error, key);
    },
  );
  return { answer, dryRun };
};

/** The key is made here, so the message must name it for the advice to be any use. */
const withKey = (error: unknown, key: string): unknown => {
  if (!(error instanceof Failure) || !(error.report.fix ?? '').includes('same --idempotency-key')) return error;
  const fix = (error.report.fix ?? '').replace('same --idempotency-key', `same key: --idempotency-key ${key}`);
  return new Failure({ ...error.report, fix }, error.exitCode, error);
};

const PAUSE_MS = 200;

/** Repeats what was refused as unavailable, or never arrived. The key in the request makes it count once. */
const untilAvailable = async (send: () => Promise<Answer>, timeoutMs: number, client: Client): Promise<Answer> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Failure) || error.report.category !== 'unavailable') throw error;
      if (performance.now() + PAUSE_MS > deadline) {
        throw timedOut(
          `${client.target.endpoint.origin} was not available for ${timeoutMs / 1000} s: ${error.report.message}`,
          'Wait longer with --timeout, or repeat it with the same --idempotency-key.',
        );
      }
      await pause(PAUSE_MS);
    }
  }
};

/** Prints what a command came to, and gives the exit code. */
export const showDecided = (
  { session }: Call,
  { answer, dryRun }: Decided,
  about: { readonly noun: string; readonly id: string } | undefined,
): number => {
  const { json } = answer;
  const events = listAt(json, 'events');
  const position = numberAt(json, 'position') ?? answer.position;
  session.show({
    json,
    table: () => {
      const lines = [...eventLines(events)];
      const reply = replyOf(json);
      if (reply !== undefined) lines.push(session.fields(reply));
      const subject = about === undefined ? '' : `${about.noun}/${wordOfBytes(Buffer.from(about.id, 'latin1'))}: `;
      if (lines.length === 0) lines.push(`${subject}${dryRun ? 'nothing would change' : 'nothing changed'}`);
      const where = position === undefined ? '' : ` at position ${position}`;
      lines.push(session.style.dim(dryRun ? `(dry run${where}; nothing was made)` : `(accepted${where})`));
      return lines.join('\n');
    },
    names: () => [...new Set(events.map((event) => refOfEvent(event)))],
  });
  return dryRun && events.length > 0 ? exitCodes.dryRunHasChanges : exitCodes.done;
};

/** What was answered beside the fields that every outcome has. */
const replyOf = (json: unknown): unknown => {
  if (!isObject(json)) return undefined;
  const { position: _position, outcome: _outcome, events: _events, dryRun: _dryRun, ...reply } = json;
  return Object.keys(reply).length === 0 ? undefined : reply;
};

const refOfEvent = (event: unknown): string => {
  const noun = textAt(event, 'noun') ?? (textAt(event, 'kind') ?? '').split('.')[0] ?? '';
  const id = idWordOf(event, noun) ?? '';
  return id === '' ? noun : `${noun}/${id}`;
};

/** One event for people: what happened, to what, and with which values. */
export const eventLine = (event: unknown): string => {
  const kind = textAt(event, 'kind') ?? 'event';
  const body = isObject(event) ? event['body'] : undefined;
  const fields = isObject(body) ? Object.entries(body).map(([name, value]) => `${name}=${shortText(value)}`) : [];
  return [kind, refOfEvent(event), ...fields].join('  ');
};

/** What people read through; programs take all of them as JSON. */
const mostLines = 20;

/** A line for each event, and how many more there are when they are too many to read. */
export const eventLines = (events: readonly unknown[]): readonly string[] => {
  if (events.length <= mostLines) return events.map((event) => eventLine(event));
  const more = `… and ${events.length - mostLines} more events; -o json shows them all`;
  return [...events.slice(0, mostLines).map((event) => eventLine(event)), more];
};

const LONGEST = 80;

const shortText = (value: unknown): string => {
  const text = cellText(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
};
