import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from '#gateways/http/answer';
import { plainRequests, type PlainRequest } from '#gateways/http/plain-request';

/** A connection on which nothing has been asked is closed after this; between requests it may rest for longer. */
const silentMs = 10_000;

const none = Buffer.alloc(0);

export interface PlainConnections {
  /** Answers plain requests, and hands the connection over with the first one that is not. */
  take(socket: Socket): void;
  /** Ends them; what is being answered is answered first. */
  close(): void;
}

/** What answers. Gives undefined, before anything was done, to leave the request to the server of Node. */
export type AnswerPlain = (request: PlainRequest, socket: Socket) => Promise<Answer> | Answer | undefined;

export interface PlainConnectionParts {
  readonly answer: AnswerPlain;
  readonly handOver: (socket: Socket) => void;
  /** The newest one. */
  readonly position: () => number;
  /** How long a connection may rest between requests. */
  readonly restMs: number;
}

/**
 * Answers the requests that come by the thousand without the objects, streams and events of Node's server, which cost
 * more than deciding a command. A connection is handed over with the first request that is not plain: it has one
 * reader at a time, so that both agree on where a request ends.
 */
export const plainConnections = (parts: PlainConnectionParts): PlainConnections => {
  const open = new Set<() => void>();
  const date = dates();
  const take = (socket: Socket): void => {
    const read = plainRequests();
    let unread: Buffer = none;
    let busy = false;
    let closing = false;
    let ended = false;
    let handed = false;

    const step = (): void => {
      while (!busy && unread.length > 0 && !socket.writableNeedDrain) {
        const request = read(unread);
        const answered = request === undefined ? undefined : parts.answer(request, socket);
        if (request === undefined || answered === undefined) return ended ? stop() : handOver();
        unread = unread.length === request.bytes ? none : unread.subarray(request.bytes);
        if (answered instanceof Promise) {
          busy = true;
          void answered.then(finish);
        } else write(answered);
      }
    };
    const finish = (answered: Answer): void => {
      busy = false;
      write(answered);
      goOn();
    };
    const goOn = (): void => {
      if (unread.length > 0) step();
      if (!busy && !handed && socket.isPaused() && !socket.writableNeedDrain) socket.resume();
    };
    /** Nobody can read the rest of a connection whose end was read; its client learns that it was not answered. */
    const stop = (): void => {
      unread = none;
      socket.end();
    };
    const write = (answered: Answer): void => {
      if (socket.destroyed) return;
      const last = closing || (ended && unread.length === 0);
      const bodyBytes = Buffer.byteLength(answered.text);
      const head = headOf(answered, bodyBytes, date(), parts.position(), last, parts.restMs);
      // A text of as many bytes as characters is ASCII, of which the shorter way to the socket makes the same bytes.
      socket.write(head + answered.text, bodyBytes === answered.text.length ? 'latin1' : 'utf8');
      if (!last) return;
      stop();
    };

    const onData = (bytes: Buffer): void => {
      unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
      if (busy || socket.writableNeedDrain) socket.pause();
      else step();
    };
    const onEnd = (): void => {
      ended = true;
      if (!busy && unread.length === 0) socket.end();
    };
    const onTimeout = (): void => {
      if (!busy) socket.destroy();
    };
    const onError = (): void => void socket.destroy();
    const close = (): void => {
      closing = true;
      if (!busy) socket.destroy();
    };
    const leave = (): void => void open.delete(close);

    const handOver = (): void => {
      handed = true;
      leave();
      socket.off('data', onData).off('drain', goOn).off('end', onEnd).off('timeout', onTimeout);
      socket.off('error', onError).off('close', leave);
      socket.setTimeout(0);
      socket.pause();
      if (unread.length > 0) socket.unshift(unread);
      unread = none;
      parts.handOver(socket);
      socket.resume();
    };

    open.add(close);
    socket.setNoDelay(true);
    socket.setTimeout(silentMs);
    socket.once('data', () => socket.setTimeout(parts.restMs));
    socket.on('data', onData).on('drain', goOn).on('end', onEnd).on('timeout', onTimeout);
    socket.on('error', onError).on('close', leave);
  };
  return {
    take,
    close: () => {
      for (const close of [...open]) close();
    },
  };
};

const headOf = (
  { status, type, headers, position }: Answer,
  bodyBytes: number,
  date: string,
  newestPosition: number,
  last: boolean,
  restMs: number,
): string => {
  let more = '';
  if (headers !== undefined) for (const name in headers) more += `${name}: ${headers[name] ?? ''}\r\n`;
  const rest = last ? 'close' : `keep-alive\r\nKeep-Alive: timeout=${Math.floor(restMs / 1000)}`;
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: ${type ?? 'application/json'}\r\n` +
    `content-length: ${bodyBytes}\r\nx-ultracloud-position: ${position ?? newestPosition}\r\n` +
    `${more}Date: ${date}\r\nConnection: ${rest}\r\n\r\n`
  );
};

/** The time as RFC 9110 5.6.7 has it, made once a second. */
const dates = (): (() => string) => {
  let second = 0;
  let text = '';
  return () => {
    const nowMs = Date.now();
    if (Math.floor(nowMs / 1000) !== second) {
      second = Math.floor(nowMs / 1000);
      text = new Date(nowMs).toUTCString();
    }
    return text;
  };
};
