import type { Rejection } from '#commands/rejection';
import { deniedBy, refusal } from '#gateways/etcd/refusal';
import { decoded, type Service } from '#gateways/etcd/grpc-service';
import type { GrpcStream } from '#gateways/etcd/http2/grpc-stream';
import { idsOf } from '#gateways/etcd/kv/range';
import { FilterType, WatchRequest, WatchResponse, type WatchCreateRequest } from '#gateways/etcd/messages/watch';
import type { FrameEncoder, View } from '#gateways/etcd/watch/frame-encoding';
import type { Caller, Node } from '#gateways/node';
import { untilLost } from '#gateways/sight';
import { resumedAfter } from '#log/past';
import type { Watch, WatchedRange, WatchSink } from '#log/watch';

/**
 * A stream with more than this unread gets nothing new: its watches end, with their positions, and go on from there
 * out of the history once the client has read. So a slow client costs this much memory and loses nothing.
 */
const maxUnreadBytes = 512 * 1024;

/** From this much unread on, what is read from the past for a stream waits; far below the end of a slow one. */
const busyBytes = maxUnreadBytes / 4;

/** Watches of one stream. Each is a few hundred bytes and an entry in the hub. */
const maxWatchesPerStream = 10_000;

/** The id in answers that are of no watch. */
const noWatch = -1;

interface Following {
  readonly id: number;
  readonly range: WatchedRange;
  readonly view: View;
  readonly progressNotify: boolean;
  /** Revisions below are not shown; the client asked for a start in the future. */
  readonly start: number;
  /** The client chose the id. */
  readonly named: boolean;
  /** Cancelled, since what it was to show has been compacted. */
  ended: boolean;
  /** Undefined while the client has too much unread, and when it has ended. */
  watch: Watch | undefined;
  /** Shown to the client up to here, when `watch` is undefined. */
  position: number;
}

/** One call of `etcdserverpb.Watch/Watch` with all its watches. */
export const openWatchStream = (service: Service, encoder: FrameEncoder, stream: GrpcStream, caller: Caller): void => {
  const { node } = service;
  const followings = new Map<number, Following>();
  let nextId = 0;
  let ended = false;
  /** What reads the past and waits for the client to read what it has. */
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const go of woken) go();
  };

  const answer = (response: Parameters<typeof WatchResponse.encode>[0], revision = node.engine.head.position): void => {
    stream.write(WatchResponse.encode({ header: service.header(revision), ...response }));
  };

  const create = (request: WatchCreateRequest): void => {
    const range = watchedRange(request);
    const refused = refusedCreate(request, range, followings) ?? deniedRange(range);
    if (refused !== undefined) {
      answer({ watchId: noWatch, created: true, canceled: true, cancelReason: refused });
      return;
    }
    while (followings.has(nextId)) nextId++;
    const id = request.watchId !== 0 ? request.watchId : nextId++;
    const head = node.engine.head.position;
    const start = request.startRevision > 0 ? request.startRevision : head + 1;
    const following: Following = {
      id,
      range,
      view: {
        prevKv: request.prevKv,
        puts: !request.filters.includes(FilterType.noPut),
        deletes: !request.filters.includes(FilterType.noDelete),
        fragment: request.fragment,
      },
      progressNotify: request.progressNotify,
      start,
      named: request.watchId !== 0,
      ended: false,
      watch: undefined,
      position: Math.min(start - 1, head),
    };
    followings.set(id, following);
    answer({ watchId: id, created: true });
    follow(following);
  };

  /** A range is granted whole or not at all. */
  const refuses = ({ noun, from, to }: WatchedRange): Rejection | undefined =>
    node.refuses(caller, 'key.read', to === undefined ? { noun, from } : { noun, from, to });

  const deniedRange = (range: WatchedRange): string | undefined => {
    const why = refuses(range);
    return why === undefined ? undefined : deniedBy(why).message;
  };

  /** Ends the watches whose right was taken, and the stream with its credential. */
  const look = (): Rejection | undefined => {
    for (const following of [...followings.values()]) {
      const why = following.ended ? undefined : refuses(following.range);
      if (why?.code === 'credential.ended') return why;
      if (why === undefined) continue;
      following.ended = true;
      following.watch?.close();
      followings.delete(following.id);
      answer({ watchId: following.id, canceled: true, cancelReason: deniedBy(why).message });
    }
    return undefined;
  };
  const stopLooking = untilLost(node, caller, look, (why) => {
    close();
    stream.end(deniedBy(why));
  });

  const follow = (following: Following): void => {
    const kept = keptFrom(node, following.position);
    if (following.position + 1 < kept) compacted(following, kept);
    else following.watch = node.watch([following.range], following.position, sinkOf(following));
  };

  /** Ends a watch of what is no more. As in etcd, an id of the client's choice stays taken. */
  const compacted = (following: Following, compactRevision: number): void => {
    const { id } = following;
    following.ended = true;
    if (!following.named) followings.delete(id);
    answer({ watchId: id, canceled: true, compactRevision, cancelReason: refusal('compacted').message });
  };

  const sinkOf = (following: Following): WatchSink => {
    let caughtUp = false;
    let slow = false;
    return {
      frame: (frame) => {
        if (stream.bufferedBytes > maxUnreadBytes) {
          slow = true;
          return false;
        }
        if (frame.position < following.start) return true;
        if (!caughtUp && frame.position < node.oldestPosition('key')) {
          compacted(following, node.oldestPosition('key'));
          return false;
        }
        const framed = encoder.encode(frame, following.view, following.id);
        if (framed !== undefined) stream.writeFramed(framed);
        return true;
      },
      ready: () => {
        if (ended || stream.bufferedBytes <= busyBytes) return undefined;
        return new Promise((resolve) => waiting.push(resolve));
      },
      bookmark: (position) => {
        // The first one only says that the watch is live.
        if (caughtUp && following.progressNotify && stream.bufferedBytes <= maxUnreadBytes) {
          answer({ watchId: following.id }, position);
        }
        caughtUp = true;
      },
      closed: (lastPosition) => {
        following.watch = undefined;
        following.position = lastPosition;
        if (!slow && !following.ended) stop();
      },
    };
  };

  const cancel = (id: number): void => {
    const following = followings.get(id);
    if (following === undefined) return;
    following.watch?.close();
    followings.delete(id);
    answer({ watchId: id, canceled: true });
  };

  /** Promises no more than what every watch of the stream has shown. */
  const progress = (): void => {
    let reached = node.engine.head.position;
    for (const { watch, position, ended } of followings.values()) {
      if (!ended) reached = Math.min(reached, watch?.position ?? position);
    }
    answer({ watchId: noWatch }, reached);
  };

  const close = (): void => {
    ended = true;
    stopLooking();
    for (const { watch } of followings.values()) watch?.close();
    followings.clear();
    wake();
  };

  /** The node stops. */
  const stop = (): void => {
    if (ended) return;
    close();
    stream.end(refusal('stopped'));
  };

  stream.sendHeaders();
  stream.onMessage((message) => {
    try {
      const request = decoded(WatchRequest, message);
      if (request.create !== undefined) create(request.create);
      else if (request.cancel !== undefined) cancel(request.cancel.watchId);
      else if (request.progress !== undefined) progress();
    } catch (error) {
      // The call ends with the error, and nobody says `onCancel`.
      close();
      throw error;
    }
  });
  stream.onDrain(() => {
    wake();
    for (const following of [...followings.values()]) {
      if (following.watch === undefined && !following.ended && !ended) follow(following);
    }
  });
  stream.onHalfClose(() => {
    close();
    stream.end({ code: 0, message: '' });
  });
  stream.onCancel(close);
};

/** The first revision that can be watched from, for a watch that has shown everything up to a position. */
const keptFrom = (node: Node, position: number): number => {
  const { rows, head } = node.engine;
  return Math.max(node.oldestPosition('key'), resumedAfter(rows, head.position, position) ?? 0);
};

/** Why a watch is not made, in the words of etcd's store. */
const refusedCreate = (
  { watchId }: WatchCreateRequest,
  { from, to }: WatchedRange,
  followings: ReadonlyMap<number, Following>,
): string | undefined => {
  if (to !== undefined && to <= from) return 'mvcc: watcher range is empty';
  if (watchId !== 0 && followings.has(watchId)) return 'mvcc: duplicate watch ID provided on the WatchStream';
  return followings.size >= maxWatchesPerStream ? 'mvcc: too many watches on one stream' : undefined;
};

/** No key at all means the first possible one. */
const watchedRange = ({ key, rangeEnd }: WatchCreateRequest): WatchedRange => ({
  noun: 'key',
  ...idsOf(key === '' ? '\0' : key, rangeEnd),
});
