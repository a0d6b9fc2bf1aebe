import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from '#gateways/http/answer';

/** Writes an answer whole. Headers go out as they are given: none of them comes from a caller. */
export const respond = (response: ServerResponse, answer: Answer, newestPosition: number): void => {
  const headers = [
    'content-type',
    answer.type ?? 'application/json',
    'content-length',
    String(Buffer.byteLength(answer.text)),
    'x-ultracloud-position',
    String(answer.position ?? newestPosition),
  ];
  if (answer.headers !== undefined) {
    for (const [name, value] of Object.entries(answer.headers)) headers.push(name, value);
  }
  response.writeHead(answer.status, headers);
  response.end(answer.text);
};

/** Writes an answer to a connection on which no request could be read, and ends it. */
export const respondRaw = (socket: Duplex, answer: Answer, newestPosition: number): void => {
  socket.end(
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(answer.text)}\r\n` +
      `x-ultracloud-position: ${newestPosition}\r\nconnection: close\r\n\r\n${answer.text}`,
  );
};
