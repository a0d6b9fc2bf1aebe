import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { formsOf } from '#gateways/http/event-form';
import { lineStreams } from '#gateways/http/ndjson';
import { watchStream } from '#gateways/http/watch-stream';
import { administrator } from '#gateways/server/policy';
import type { Frame } from '#log/watch';
import { startTestNode } from '#harness/node';

const WATCHES = 100;
const VALUE_BYTES = 100_000;
const PUTS = 40;
/** What a stream may hold for a reader that does not read, and one line of changes more. */
const MOST_HELD_BYTES = 2 ** 20 + 2 * VALUE_BYTES;

/** An answer that nobody reads: without a connection everything written to it is kept. */
class StalledResponse extends ServerResponse {
  readonly lines: string[] = [];
  most = 0;

  constructor() {
    super(new IncomingMessage(new Socket()));
  }

  override write(chunk: Buffer): boolean {
    const more = super.write(chunk);
    this.#keep(chunk);
    return more;
  }

  override end(chunk?: unknown): this {
    if (Buffer.isBuffer(chunk)) this.#keep(chunk);
    return this;
  }

  #keep(chunk: Buffer): void {
    this.lines.push(...chunk.toString('utf8').trimEnd().split('\n'));
    this.most = Math.max(this.most, this.writableLength);
  }
}

test(`${WATCHES} watches that nobody reads hold up nobody, keep little, and end where they can go on`, async () => {
  const node = await startTestNode();
  const everything = { seen: (frame: Frame) => frame, lost: () => undefined };
  try {
    const { engine } = node;
    const watch = watchStream(node, formsOf(engine.vocabulary), lineStreams());
    const caller = { ...administrator, address: '' };
    const responses = Array.from({ length: WATCHES }, () => new StalledResponse());
    const from = engine.head.position;
    for (const response of responses) {
      const ask = { response, params: {}, query: '', headers: {}, body: undefined, principal: caller };
      watch(ask, [{ noun: 'key', from: '' }], from, everything);
    }
    while (node.watchCount() < WATCHES) await new Promise((resolve) => setImmediate(resolve));

    // Each put is answered though no watch has taken anything: the apply loop waits for none of them.
    for (let at = 0; at < PUTS; at++) {
      const body = { value: Buffer.alloc(VALUE_BYTES, 'x') };
      const { result } = await engine.submit({
        kind: 'key.put',
        id: `key-${at}`,
        body,
        principal: 'admin',
        credential: 'test',
        source: 'http',
        address: '',
      });
      expect(result.status).toBe('accepted');
    }

    expect(node.watchCount()).toBe(0);
    for (const { lines, most } of responses) {
      expect(most).toBeLessThan(MOST_HELD_BYTES);
      const told = lines.map((line) => JSON.parse(line) as { position?: number; closed?: boolean });
      const positions = told.flatMap(({ position }) => (position === undefined ? [] : [position]));
      expect(positions).toEqual(positions.map((_, at) => from + 1 + at));
      expect(positions.length).toBeGreaterThan(5);
      expect(positions.length).toBeLessThan(PUTS);
      expect(told.at(-1)).toEqual({ closed: true, lastPosition: positions.at(-1) });
    }
  } finally {
    await node.stop();
  }
}, 60_000);
