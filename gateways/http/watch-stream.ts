import type { Happened } from '#aggregates/decision';
import type { Frame, Watch, WatchedRange } from '#log/watch';
import type { Form, Forms } from '#gateways/http/event-form';
import type { Ask } from '#gateways/http/answer';
import { line, type LineStream, type LineStreams } from '#gateways/http/ndjson';
import type { Node } from '#gateways/node';

/** Outcomes read at once while a watch catches up with the present: their events may be large. */
const pageOutcomes = 64;

/** Streams the changes of a range after a position: one line for all changes of a position. */
export type WatchRoute = (ask: Ask, range: WatchedRange, from: number) => undefined;

export const watchRoute = (node: Node, forms: Forms, streams: LineStreams): WatchRoute => {
  const { engine } = node;
  const encoded = new WeakMap<Frame, Buffer>();
  const bookmark = { position: -1, line: Buffer.from('') as Buffer };

  /** A live frame is shared by all who watch the same, so it is encoded once. */
  const shared = (frame: Frame): Buffer => {
    const known = encoded.get(frame);
    if (known !== undefined) return known;
    const fresh = frameLine(forms, frame.position, frame.events);
    encoded.set(frame, fresh);
    return fresh;
  };
  const bookmarked = (position: number): Buffer => {
    if (bookmark.position !== position) {
      bookmark.position = position;
      bookmark.line = line({ bookmark: position });
    }
    return bookmark.line;
  };

  /** Reads the past at the pace of the reader; gives the position from which on everything is new. */
  const catchUp = async (stream: LineStream, range: WatchedRange, from: number): Promise<number> => {
    let position = from;
    while (!stream.over && position < engine.head.position) {
      const { position: newest } = engine.head;
      const page = engine.outcomes(position + 1, pageOutcomes);
      for (const { position: at, result } of page) {
        const events = result.status === 'accepted' ? result.events.filter((event) => holds(range, event)) : [];
        if (events.length > 0 && !stream.write(frameLine(forms, at, events))) {
          await stream.drained();
          if (!stream.write(frameLine(forms, at, events))) return at - 1;
        }
        position = at;
      }
      if (page.length < pageOutcomes) position = Math.max(position, newest);
      await stream.drained();
    }
    return position;
  };

  return ({ response }, range, from) => {
    let watch: Watch | undefined;
    let caughtUp = from;
    const close = (lastPosition: number): void => stream.end(line({ closed: true, lastPosition }));
    const stream = streams.open(response, engine.head.position, {
      onOver: () => watch?.close(),
      onClose: () => close(watch?.position ?? caughtUp),
    });
    void catchUp(stream, range, from).then((position) => {
      caughtUp = position;
      if (stream.over) return;
      watch = node.watch([range], position, {
        frame: (frame) => stream.write(shared(frame)),
        bookmark: (at) => void stream.write(bookmarked(at)),
        closed: close,
      });
    });
    return undefined;
  };
};

const frameLine = (forms: Forms, position: number, events: readonly Happened[]): Buffer =>
  line({ position, events: events.map((event) => changeForm(forms, event)) });

/** Keys change in two ways, which every client of a key-value store knows; other objects in ways of their own. */
const changeForm = (forms: Forms, happened: Happened): Form => {
  const { kind, body, ...rest } = forms.event(happened);
  if (kind === 'key.put') return { type: 'put', ...rest, ...(body as Form) }; // Bodies of events are objects.
  if (kind === 'key.deleted') return { type: 'delete', ...rest };
  return { type: kind, ...rest, body };
};

const holds = (range: WatchedRange, event: Happened): boolean =>
  event.kind.startsWith(range.noun) &&
  event.kind[range.noun.length] === '.' &&
  event.id >= range.from &&
  (range.to === undefined || event.id < range.to);
