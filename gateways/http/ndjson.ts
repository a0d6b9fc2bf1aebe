import type { ServerResponse } from 'node:http';
import { openRounds } from '#gateways/http/rounds';

/** What a reader may leave unread before its stream is closed with the place where it can go on. */
const maxUnreadBytes = 2 ** 20;

/** From this much unread on, what is read from the past for a stream waits; far below the end of a slow one. */
const busyBytes = maxUnreadBytes / 4;

/** A closed stream may take this long to be read to its end. */
const lingerMs = 10_000;

/** A response of one JSON value a line. */
export interface LineStream {
  /** False when the reader has left too much unread: nothing was written, and the stream is to be ended. */
  write(line: Buffer): boolean;
  /** What to wait for before more of the past is written; undefined when nothing is in the way. */
  ready(): Promise<void> | undefined;
  /** Resolves when everything written so far is on its way, or the stream is over. */
  drained(): Promise<void>;
  end(line: Buffer): void;
  readonly over: boolean;
}

/** The streams of one gateway, so that they can be ended when it closes. */
export interface LineStreams {
  readonly size: number;
  open(
    response: ServerResponse,
    position: number,
    about: { readonly onOver: () => void; readonly onClose: () => void },
  ): LineStream;
  /** Tells every stream to end with its last line. */
  close(): void;
}

export const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

export const lineStreams = (): LineStreams => {
  const open = new Set<() => void>();
  const rounds = openRounds();
  return {
    get size() {
      return open.size;
    },
    open: (response, position, { onOver, onClose }) => {
      // Nothing comes behind a stream: with its end the connection ends, so that nobody waits for it at the close.
      response.shouldKeepAlive = false;
      response.writeHead(200, {
        'content-type': 'application/x-ndjson',
        'cache-control': 'no-store',
        'x-ultracloud-position': position,
      });
      response.flushHeaders();
      let over = false;
      let held: Buffer[] = [];
      let heldBytes = 0;
      const { socket } = response;
      const finish = (): void => {
        if (over) return;
        over = true;
        open.delete(onClose);
        socket?.off('end', onClose);
        onOver();
      };
      open.add(onClose);
      // Who closes its sending side has left, or soon will: a stream has no end of its own to wait for.
      socket?.on('end', onClose);
      response.on('close', finish);
      response.on('error', finish);
      const unreadBytes = (): number => heldBytes + response.writableLength;
      const flush = (): void => {
        if (held.length === 0) return;
        const bytes = held.length === 1 ? held[0] : Buffer.concat(held, heldBytes);
        held = [];
        heldBytes = 0;
        if (!response.writableEnded && !response.destroyed) response.write(bytes);
      };
      const drained = (): Promise<void> => {
        flush();
        if (over || !response.writableNeedDrain) return new Promise((resolve) => setImmediate(resolve));
        return new Promise((resolve) => {
          const done = (): void => {
            response.off('drain', done);
            response.off('close', done);
            resolve();
          };
          response.on('drain', done);
          response.on('close', done);
        });
      };
      return {
        get over() {
          return over;
        },
        write: (bytes) => {
          if (over || unreadBytes() > maxUnreadBytes) return false;
          held.push(bytes);
          heldBytes += bytes.length;
          rounds.join(flush);
          return true;
        },
        ready: () => (over || unreadBytes() <= busyBytes ? undefined : drained()),
        drained,
        end: (bytes) => {
          if (over) return;
          finish();
          flush();
          response.end(bytes);
          const timer = setTimeout(() => response.destroy(), lingerMs).unref();
          response.on('close', () => clearTimeout(timer));
        },
      };
    },
    close: () => {
      for (const onClose of [...open]) onClose();
    },
  };
};
