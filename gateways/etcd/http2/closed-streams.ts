/** How a stream came to be closed, as far as frames that still arrive for it are judged (RFC 9113 5.1, "closed"). */
export const Closure = {
  /** Never opened, or closed too long ago to be known. */
  unknown: 0,
  /** Ended by both sides or reset by the peer, which must not send on it any more. */
  ended: 1,
  /** Reset by us: what the peer sent before it knew is ignored. */
  reset: 2,
} as const;

export type Closure = (typeof Closure)[keyof typeof Closure];

/** Frames cross each other for a round trip; this many streams are remembered for them. */
const remembered = 512;

/** The streams closed last. Written on every request and read only when a frame names no open stream. */
export class ClosedStreams {
  private readonly ids = new Uint32Array(remembered);
  private readonly closures = new Uint8Array(remembered);
  private next = 0;

  add(id: number, closure: Closure) {
    this.ids[this.next] = id;
    this.closures[this.next] = closure;
    this.next = (this.next + 1) % remembered;
  }

  closureOf(id: number): Closure {
    const index = this.ids.indexOf(id);
    return index < 0 ? Closure.unknown : (this.closures[index] as Closure);
  }
}
