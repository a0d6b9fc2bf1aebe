import type { Key } from '#aggregates/chainfire/key';
import type { Happened } from '#aggregates/decision';
import type { Fact, Versioned } from '#aggregates/facts';
import type { Service } from '#gateways/etcd/grpc-service';
import { encodeMessage } from '#gateways/etcd/http2/grpc-message';
import { keyValueOf, previousOf } from '#gateways/etcd/kv/key-value';
import { EventType, WatchResponse, type Event } from '#gateways/etcd/messages/watch';
import type { Node } from '#gateways/node';
import { stateKey } from '#log/key';
import { rowsAt } from '#log/past';
import type { Rows } from '#log/rows';
import type { Frame } from '#log/watch';

/** What of a frame a watch wants to see. */
export interface View {
  readonly prevKv: boolean;
  readonly puts: boolean;
  readonly deletes: boolean;
  /** Whether the client takes a large frame in parts. */
  readonly fragment: boolean;
}

/** As in etcd, a response of this size or more is cut between its events for a client that takes parts. */
const maxWholeBytes = 2 * 1024 * 1024;
/** The longest watch id with its tag. */
const watchIdBytes = 11;

/** Frames as answers ready to be written, each encoded once for all streams that watch in the same way. */
export interface FrameEncoder {
  /** Undefined when nothing of the frame is wanted. */
  encode(frame: Frame, view: View, watchId: number): Buffer | undefined;
}

interface Encoded {
  /** The answer, or its parts, without its watch id; none when nothing is wanted. */
  readonly bodies: readonly Buffer[];
  /** With prefixes, by watch id. */
  readonly framed: Map<number, Buffer>;
}

const views = 16;

export const frameEncoder = ({ node, header }: Service): FrameEncoder => {
  const cache = new WeakMap<Frame, (Encoded | undefined)[]>();
  // The hub hands one frame to one watch after another.
  let last: { frame: Frame; encoded: (Encoded | undefined)[] } | undefined;
  const encodedOf = (frame: Frame): (Encoded | undefined)[] => {
    if (last?.frame === frame) return last.encoded;
    let encoded = cache.get(frame);
    if (encoded === undefined) {
      encoded = new Array<Encoded | undefined>(views).fill(undefined);
      cache.set(frame, encoded);
    }
    last = { frame, encoded };
    return encoded;
  };
  return {
    encode: (frame, view, watchId) => {
      const encoded = encodedOf(frame);
      const index = (view.fragment ? 8 : 0) + (view.prevKv ? 4 : 0) + (view.puts ? 2 : 0) + (view.deletes ? 1 : 0);
      let one = encoded[index];
      if (one === undefined) {
        one = { bodies: bodiesOf(node, header, frame, view), framed: new Map() };
        encoded[index] = one;
      }
      let framed = one.framed.get(watchId);
      if (framed === undefined) {
        // Fields may come in any order, and what is behind the id is the same for all.
        const id = WatchResponse.encode({ watchId });
        const [first, ...others] = one.bodies.map((body) =>
          encodeMessage(id.length === 0 ? body : Buffer.concat([id, body])),
        );
        if (first === undefined) return undefined;
        framed = others.length === 0 ? first : Buffer.concat([first, ...others]);
        one.framed.set(watchId, framed);
      }
      return framed;
    },
  };
};

const bodiesOf = (
  node: Node,
  header: (revision: number) => Buffer,
  { position, events }: Frame,
  view: View,
): readonly Buffer[] => {
  const shown: Event[] = [];
  for (const event of events) {
    const wanted = event.kind === 'key.put' ? view.puts : event.kind === 'key.deleted' && view.deletes;
    if (wanted) shown.push(eventOf(node, position, event, view.prevKv));
  }
  if (shown.length === 0) return [];
  const whole = WatchResponse.encode({ header: header(position), events: shown });
  const fits = shown.length === 1 || whole.length + watchIdBytes < maxWholeBytes;
  return fits || !view.fragment ? [whole] : partsOf(header(position), shown);
};

/** As many events in each part as fit, and one at least; all parts but the last say that more comes. */
const partsOf = (header: Buffer, events: readonly Event[]): readonly Buffer[] => {
  const head = WatchResponse.encode({ header, fragment: true });
  const parts: Buffer[] = [];
  let part: Buffer[] = [];
  let bytes = 0;
  for (const event of events) {
    const encoded = WatchResponse.encode({ events: [event] });
    if (part.length > 0 && head.length + watchIdBytes + bytes + encoded.length >= maxWholeBytes) {
      parts.push(Buffer.concat([head, ...part]));
      part = [];
      bytes = 0;
    }
    part.push(encoded);
    bytes += encoded.length;
  }
  parts.push(Buffer.concat([WatchResponse.encode({ header }), ...part]));
  return parts;
};

const eventOf = (node: Node, position: number, { kind, id, body }: Happened, prevKv: boolean): Event => {
  const { rows } = node.engine;
  // As in etcd: what was before the oldest revision is gone.
  const previous = prevKv && position > node.oldestPosition('key') ? previousOf(rows, id, position) : undefined;
  const prev = { prevKv: previous === undefined ? undefined : keyValueOf(previous) };
  if (kind === 'key.deleted') return { type: EventType.delete, kv: { key: id, modRevision: position }, ...prev };
  return { type: EventType.put, kv: keyValueOf(changedTo(rows, id, position, body as Key)), ...prev };
};

/** The key as the change at this position left it: as it is now, unless it has changed again. */
const changedTo = (rows: Rows, id: string, position: number, state: Key): Fact<Key> => {
  const name = stateKey('key', id);
  let row = rows.get('state', name) as Versioned<Key> | undefined;
  if (row?.modPosition !== position) row = rowsAt(rows, position).get('state', name) as Versioned<Key> | undefined;
  const { version = 1, createPosition = position } = row ?? {};
  return { id, state, version, createPosition, modPosition: position };
};
