import type { AnyViewSpec } from '#commands/view';
import type { Client } from '#gateways/cli/client';
import type { Query } from '#gateways/cli/exchange';
import { Failure } from '#gateways/cli/failure';
import { exitCodes } from '#gateways/cli/exit-code';
import { cellText, type Format } from '#gateways/cli/format';
import { at, isObject, listAt, numberAt, textAt } from '#gateways/cli/json';
import { cellAt, idWordOf } from '#gateways/cli/key-text';
import type { Call } from '#gateways/cli/verb';
import { pause } from '#gateways/cli/waiting';

const PAUSE_MS = 500;

/**
 * The frames after a position, for ever. A watch that the server closes, or whose connection is lost, goes on at the
 * last position that came whole; only a server that stays away for `patienceMs`, or refuses, ends it.
 */
export async function* framesFrom(
  client: Client,
  path: string,
  query: Query,
  from: number,
  patienceMs: number,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  let position = from;
  let lastHeard = performance.now();
  while (!signal.aborted) {
    try {
      for await (const frame of client.follow({ method: 'GET', path, query: { ...query, watch: position }, signal })) {
        lastHeard = performance.now();
        const reached = numberAt(frame, 'position') ?? numberAt(frame, 'bookmark') ?? numberAt(frame, 'lastPosition');
        if (reached !== undefined) position = reached;
        if (at(frame, 'closed') !== true) yield frame;
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.report.category !== 'unavailable') throw error;
      if (performance.now() - lastHeard > patienceMs) throw error;
    }
    if (!signal.aborted) await pause(PAUSE_MS, signal);
  }
}

/** Prints the changes of a view until it is interrupted. */
export const followView = async (
  call: Call,
  spec: AnyViewSpec,
  filters: Query,
  from: number,
  format: Format,
): Promise<number> => {
  const { session, words } = call;
  const client = await session.client();
  const max = words.integer('max') ?? Infinity;
  let count = 0;
  const signal = session.terminal.interrupted();
  for await (const frame of framesFrom(client, spec.route, filters, from, session.timeoutMs, signal)) {
    printFrame(call, spec, frame, format);
    count += listAt(frame, 'events').length;
    if (count >= max) break;
  }
  return exitCodes.done;
};

const printFrame = ({ session }: Call, spec: AnyViewSpec, frame: unknown, format: Format): void => {
  switch (format) {
    case 'json':
      return session.line(JSON.stringify(frame));
    case 'yaml':
      session.line('---');
      return session.show({ json: frame, table: () => '' });
    case 'name':
      for (const event of listAt(frame, 'events')) session.line(`${spec.noun}/${idWordOf(event, spec.noun) ?? ''}`);
      return;
    case 'table':
    case 'wide':
      for (const event of listAt(frame, 'events')) session.line(changeLine(spec, numberAt(frame, 'position'), event));
  }
};

const changeLine = (spec: AnyViewSpec, position: number | undefined, event: unknown): string => {
  const id = idWordOf(event, spec.noun) ?? '';
  const fields = isObject(event)
    ? Object.keys(event)
        .map((name) => name.replace(/Base64$/, ''))
        .filter((name) => !['type', 'id', spec.noun].includes(name))
        .map((name) => cellText(cellAt(event, name)))
    : [];
  const what = textAt(event, 'type') ?? textAt(event, 'kind') ?? 'changed';
  return [String(position ?? '').padStart(10), what.padEnd(6), `${spec.noun}/${id}`, ...fields].join('  ');
};
