import type { Duplex } from 'node:stream';

/** Bytes of one region: larger than any frame we build in place (a header of 9 and a payload of 16 KiB). */
const regionBytes = 64 * 1024;
/** Regions kept for the next turns; what more connections need at once is allocated and dropped. */
const maxSpareRegions = 64;
/** Output of one turn is handed to the socket before its end when it exceeds this. */
const flushBytes = 128 * 1024;

const noBytes = Buffer.alloc(0);

/**
 * Flushes all connections that have output at the end of the event-loop turn, and lends them memory until then.
 * One setImmediate for all of them cost as much as a microtask per connection where handlers answer at once, and a
 * tenth less where a group commit releases the answers one promise at a time: they still leave in one write.
 */
export class FlushScheduler {
  private due: Outbound[] = [];
  private readonly spareRegions: Buffer[] = [];

  schedule(outbound: Outbound) {
    if (this.due.push(outbound) === 1) setImmediate(this.run);
  }

  borrow(): Buffer {
    return this.spareRegions.pop() ?? Buffer.allocUnsafeSlow(regionBytes);
  }

  giveBack(region: Buffer) {
    if (this.spareRegions.length < maxSpareRegions) this.spareRegions.push(region);
  }

  private readonly run = () => {
    const due = this.due;
    this.due = [];
    for (const outbound of due) outbound.flush();
  };
}

/** The bytes of one connection that wait for the end of the turn. Frames are built in `region` at `position`. */
export class Outbound {
  /** Valid from `reserve` on, until the turn ends. */
  region: Buffer = noBytes;
  position = 0;
  private readonly socket: Duplex;
  private readonly scheduler: FlushScheduler;
  private sealed: Buffer[] = [];
  private sealedBytes = 0;
  private scheduled = false;

  constructor(socket: Duplex, scheduler: FlushScheduler) {
    this.socket = socket;
    this.scheduler = scheduler;
  }

  /** Makes room for `length` bytes (less than 64 KiB) at `position`; the caller writes them and moves `position`. */
  reserve(length: number) {
    if (this.position + length <= this.region.length) return;
    if (this.region === noBytes) this.region = this.scheduler.borrow();
    else this.seal();
    this.scheduleFlush();
  }

  /** Sends `bytes` without copying them: they must not change any more. */
  append(bytes: Buffer) {
    this.seal();
    this.sealed.push(bytes);
    this.sealedBytes += bytes.length;
    this.scheduleFlush();
  }

  /** Bytes that the socket has not taken yet, after handing it a turn's worth when there is that much. */
  backlogBytes(): number {
    if (this.sealedBytes + this.position >= flushBytes) this.flush();
    return this.socket.writableLength + this.sealedBytes + this.position;
  }

  /** One write, whatever the turn has produced. The region is copied out, so that it can be lent again at once. */
  flush() {
    this.scheduled = false;
    this.seal();
    if (this.region !== noBytes) {
      this.scheduler.giveBack(this.region);
      this.region = noBytes;
    }
    const { sealed, socket } = this;
    const [first] = sealed;
    if (first === undefined) return;
    this.sealed = [];
    this.sealedBytes = 0;
    if (socket.destroyed || socket.writableEnded) return;
    if (sealed.length === 1) {
      socket.write(first);
      return;
    }
    socket.cork();
    for (const bytes of sealed) socket.write(bytes);
    socket.uncork();
  }

  private seal() {
    if (this.position === 0) return;
    const bytes = Buffer.allocUnsafe(this.position);
    this.region.copy(bytes, 0, 0, this.position);
    this.sealed.push(bytes);
    this.sealedBytes += this.position;
    this.position = 0;
  }

  private scheduleFlush() {
    if (this.scheduled) return;
    this.scheduled = true;
    this.scheduler.schedule(this);
  }
}
