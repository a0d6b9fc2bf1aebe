import type { Happened } from '#aggregates/decision';
import type { Outcome } from '#log/outcome';

/** Ids of one noun that a watch follows; `to` absent: no end. One single id: `to` is `from` + 0x00. */
export interface WatchedRange {
  readonly noun: string;
  readonly from: string;
  readonly to?: string;
}

/** All watched changes of one position, together. */
export interface Frame {
  readonly position: number;
  readonly nowMs: number;
  readonly events: readonly Happened[];
}

export interface WatchSink {
  /**
   * Called in order of position, after the change is durable and visible. The frame is shared by all watches: it is
   * not to be changed. Returns false when the reader is too slow: the watch ends without another call.
   */
  frame(frame: Frame): boolean;
  /**
   * Asked before each frame of the past: what it gives is waited for, so that a long past is read at the pace of its
   * reader and ends no watch. Live frames wait for nobody.
   */
  ready?(): Promise<void> | undefined;
  /** Everything up to this position has been sent; called when a watch has caught up, and from time to time. */
  bookmark(position: number): void;
  /** The watch ended by itself; `lastPosition` was sent whole. */
  closed(lastPosition: number): void;
}

export interface Watch {
  /** Everything up to this position has been handed to the sink. */
  readonly position: number;
  close(): void;
}

/** What a hub reads of the engine. */
export interface WatchSource {
  readonly head: { readonly position: number };
  outcomes(from: number, limit: number): readonly Outcome[];
  onApplied(listener: (batch: readonly Outcome[]) => void): () => void;
}

/** Outcomes read at once: their events may be large. */
const PAGE = 64;
const BOOKMARK_MS = 5_000;

interface Follower {
  readonly ranges: readonly WatchedRange[];
  readonly sink: WatchSink;
  /** Handed over whole up to here. */
  position: number;
  live: boolean;
  open: boolean;
}

/**
 * Hands committed changes to whoever follows them. A live change is looked up, not searched: followers of one object
 * stand under its name, followers of a range in a list of ranges. Apply never waits for a follower.
 */
export class WatchHub {
  readonly #source: WatchSource;
  readonly #one = new Map<string, Set<Follower>>();
  readonly #many = new Map<string, Map<Follower, WatchedRange[]>>();
  readonly #followers = new Set<Follower>();
  readonly #stop: () => void;
  readonly #bookmarks: NodeJS.Timeout;

  constructor(source: WatchSource) {
    this.#source = source;
    this.#stop = source.onApplied((batch) => {
      for (const outcome of batch) this.#publish(outcome);
    });
    this.#bookmarks = setInterval(() => this.#bookmark(), BOOKMARK_MS).unref();
  }

  get size(): number {
    return this.#followers.size;
  }

  /** Follows changes after `from`. The first call to the sink comes in a later turn. */
  watch(ranges: readonly WatchedRange[], from: number, sink: WatchSink): Watch {
    const follower: Follower = { ranges, sink, position: from, live: false, open: true };
    this.#followers.add(follower);
    setImmediate(() => void this.#catchUp(follower));
    const source = this.#source;
    return {
      get position() {
        // Live, it has been handed whatever there was for it up to the head.
        return follower.open && follower.live ? Math.max(source.head.position, follower.position) : follower.position;
      },
      close: () => this.#drop(follower),
    };
  }

  close(): void {
    clearInterval(this.#bookmarks);
    this.#stop();
    for (const follower of this.#followers) {
      this.#drop(follower);
      follower.sink.closed(follower.position);
    }
  }

  /** Reads recorded outcomes page by page, giving way in between; live from the turn on in which none is left. */
  async #catchUp(follower: Follower): Promise<void> {
    const wanted = (event: Happened): boolean => follower.ranges.some((range) => holds(range, event));
    while (follower.open && follower.position < this.#source.head.position) {
      await (this.#handPage(follower, wanted) ?? new Promise<void>((done) => setImmediate(done)));
    }
    if (!follower.open) return;
    this.#goLive(follower);
    follower.sink.bookmark(follower.position);
  }

  /** Gives what to wait for when the reader is not ready; the page is then read again, and not held meanwhile. */
  #handPage(follower: Follower, wanted: (event: Happened) => boolean): Promise<void> | undefined {
    const { position: newest } = this.#source.head;
    const page = this.#source.outcomes(follower.position + 1, PAGE);
    for (const outcome of page) {
      const frame = frameOf(outcome, wanted);
      if (frame !== undefined) {
        const busy = follower.sink.ready?.();
        if (busy !== undefined) return busy;
        if (!this.#hand(follower, frame)) return undefined;
      }
      follower.position = outcome.position;
    }
    // Behind the last outcome of all there may be positions that a restore left out.
    if (page.length < PAGE) follower.position = Math.max(follower.position, newest);
    return undefined;
  }

  #goLive(follower: Follower): void {
    follower.live = true;
    for (const range of follower.ranges) {
      if (range.to === `${range.from}\0`) {
        const name = `${range.noun}\0${range.from}`;
        const followers = this.#one.get(name) ?? new Set();
        this.#one.set(name, followers.add(follower));
      } else {
        const followers = this.#many.get(range.noun) ?? new Map<Follower, WatchedRange[]>();
        followers.set(follower, [...(followers.get(follower) ?? []), range]);
        this.#many.set(range.noun, followers);
      }
    }
  }

  #publish(outcome: Outcome): void {
    if (outcome.result.status !== 'accepted' || this.#followers.size === 0) return;
    const wanted = new Map<Follower, Happened[]>();
    for (const event of outcome.result.events) {
      const noun = nounOfEvent(event);
      for (const follower of this.#one.get(`${noun}\0${event.id}`) ?? []) want(wanted, follower, event);
      for (const [follower, ranges] of this.#many.get(noun) ?? []) {
        if (ranges.some((range) => holds(range, event))) want(wanted, follower, event);
      }
    }
    const frames = new Map<string, Frame>();
    for (const [follower, events] of wanted) {
      // One that came from a replica that was further along has been told there.
      if (outcome.position <= follower.position) continue;
      // Followers of the same events share one frame, so that it is encoded once.
      const name =
        events.length === outcome.result.events.length
          ? 'all'
          : events.map(({ kind, id }) => `${kind}\0${id}`).join('\0');
      const frame = frames.get(name) ?? { position: outcome.position, nowMs: outcome.nowMs, events };
      frames.set(name, frame);
      this.#hand(follower, frame);
    }
  }

  #hand(follower: Follower, frame: Frame): boolean {
    if (!follower.open) return false;
    if (follower.sink.frame(frame)) {
      follower.position = frame.position;
      return true;
    }
    this.#drop(follower);
    follower.sink.closed(follower.position);
    return false;
  }

  #bookmark(): void {
    const { position } = this.#source.head;
    for (const follower of this.#followers) {
      if (follower.live) follower.position = Math.max(position, follower.position);
      follower.sink.bookmark(follower.position);
    }
  }

  #drop(follower: Follower): void {
    follower.open = false;
    this.#followers.delete(follower);
    for (const range of follower.ranges) {
      const name = `${range.noun}\0${range.from}`;
      const one = this.#one.get(name);
      one?.delete(follower);
      if (one?.size === 0) this.#one.delete(name);
      this.#many.get(range.noun)?.delete(follower);
    }
  }
}

const want = (wanted: Map<Follower, Happened[]>, follower: Follower, event: Happened): void => {
  const events = wanted.get(follower);
  if (events === undefined) wanted.set(follower, [event]);
  else if (events.at(-1) !== event) events.push(event);
};

const frameOf = (outcome: Outcome, wanted: (event: Happened) => boolean): Frame | undefined => {
  if (outcome.result.status !== 'accepted') return undefined;
  const events = outcome.result.events.filter(wanted);
  return events.length === 0 ? undefined : { position: outcome.position, nowMs: outcome.nowMs, events };
};

const holds = (range: WatchedRange, event: Happened): boolean =>
  nounOfEvent(event) === range.noun && event.id >= range.from && (range.to === undefined || event.id < range.to);

const nounOfEvent = (event: Happened): string => event.kind.slice(0, event.kind.indexOf('.'));
