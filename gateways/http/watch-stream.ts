import type { Happened } from '#aggregates/decision';
import type { Frame, WatchedRange } from '#log/watch';
import type { Form, Forms } from '#gateways/http/event-form';
import type { Ask } from '#gateways/http/answer';
import { line, type LineStreams } from '#gateways/http/ndjson';
import { refusedForm } from '#gateways/http/judge';
import type { Node } from '#gateways/node';
import { untilLost, type Sight } from '#gateways/sight';

/** Streams what may be seen of the changes of ranges after a position: one line for all changes of a position. */
export type WatchStream = (ask: Ask, ranges: readonly WatchedRange[], from: number, sight: Sight) => undefined;

export const watchStream = (node: Node, forms: Forms, streams: LineStreams): WatchStream => {
  const { engine } = node;
  const encoded = new WeakMap<Frame, Buffer>();
  const bookmark = { position: -1, line: Buffer.from('') as Buffer };

  /** A frame is shared by all who watch the same, so it is encoded once. */
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

  return ({ response, principal }, ranges, from, sight) => {
    const stream = streams.open(response, engine.head.position, {
      onOver: () => {
        watch.close();
        stopLooking();
      },
      onClose: () => close(watch.position),
    });
    const close = (lastPosition: number): void => stream.end(line({ closed: true, lastPosition }));
    const watch = node.watch(ranges, from, {
      frame: (frame) => {
        const seen = sight.seen(frame);
        return seen === undefined || stream.write(shared(seen));
      },
      ready: () => stream.ready(),
      bookmark: (at) => void stream.write(bookmarked(at)),
      closed: close,
    });
    const stopLooking = untilLost(
      node,
      principal,
      () => sight.lost(),
      (why) => stream.end(line({ closed: true, lastPosition: watch.position, ...refusedForm(node, why) })),
    );
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
