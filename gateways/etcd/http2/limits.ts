/** What one peer may do; beyond it the stream or the connection ends with the code that says so. */
export interface ConnectionLimits {
  /** SETTINGS_MAX_CONCURRENT_STREAMS: more are refused with REFUSED_STREAM. */
  readonly maxConcurrentStreams: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE, topped up when half of it is used. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE: a longer list is answered with 431. */
  readonly maxHeaderListBytes: number;
  /** New requests, and requests that go on, are reset with ENHANCE_YOUR_CALM while more than this waits unread. */
  readonly maxQueuedBytes: number;
  /** A stream of whose answers more than this waits unread gets no more window until they are read. */
  readonly maxUnreadBytes: number;
  /** Frames of a kind per tick; one more ends the connection with ENHANCE_YOUR_CALM. */
  readonly frames: FrameBudget;
  /** Ticks without a byte from the peer before it is sent a PING. */
  readonly keepaliveTicks: number;
  /** Further ticks without a byte before the connection is given up. */
  readonly keepaliveTimeoutTicks: number;
  /** Ticks within which the preface and SETTINGS must have arrived. */
  readonly handshakeTicks: number;
}

export interface FrameBudget {
  /** RST_STREAM received, or caused by the peer's errors (CVE-2023-44487, CVE-2025-8671). */
  readonly resets: number;
  /** PING that wants an answer (CVE-2019-9512); gRPC clients that estimate bandwidth send one a round trip. */
  readonly pings: number;
  /** SETTINGS that want an answer (CVE-2019-9515). */
  readonly settings: number;
  /** DATA without octets and without END_STREAM (CVE-2019-9518). */
  readonly emptyData: number;
  /** PRIORITY and frames of unknown types (CVE-2019-9513). */
  readonly ignored: number;
}

/** For ticks of a second. */
export const defaultLimits: ConnectionLimits = {
  maxConcurrentStreams: 4096,
  streamWindowBytes: 1024 * 1024,
  connectionWindowBytes: 16 * 1024 * 1024,
  maxHeaderListBytes: 16 * 1024,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxUnreadBytes: 256 * 1024,
  frames: { resets: 1000, pings: 20_000, settings: 100, emptyData: 1000, ignored: 10_000 },
  keepaliveTicks: 60,
  keepaliveTimeoutTicks: 20,
  handshakeTicks: 10,
};
