import type { Readable } from 'node:stream';

/** Where text goes. */
export interface Screen {
  write(chunk: string | Uint8Array): void;
  readonly isTTY: boolean;
  /** Undefined when it is no terminal or does not say, so nothing is cut to fit. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/** All that a verb sees of its surroundings, so that tests can give it others. */
export interface Terminal {
  /** The words after the program's name. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** Aborted by SIGINT or SIGTERM. Asking for it takes these signals over; who never asks ends by them at once. */
  interrupted(): AbortSignal;
}

/** Terminals that do not know how large they are say 0. */
const sizeOf = ({ isTTY }: NodeJS.WriteStream, size: number): number | undefined =>
  isTTY && size > 0 ? size : undefined;

const screenOf = (stream: NodeJS.WriteStream): Screen => ({
  write: (chunk) => {
    stream.write(chunk);
  },
  isTTY: stream.isTTY === true,
  get columns() {
    return sizeOf(stream, stream.columns);
  },
  get rows() {
    return sizeOf(stream, stream.rows);
  },
});

export const processTerminal = (): Terminal => {
  // A reader that has seen enough, such as `head`, closes the pipe; that is no error of ours.
  const quietly = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  };
  process.stdout.on('error', quietly);
  process.stderr.on('error', quietly);
  let interrupted: AbortController | undefined;
  return {
    words: process.argv.slice(2),
    environment: process.env,
    home: process.env['HOME'] ?? '/',
    get stdin() {
      return process.stdin;
    },
    stdout: screenOf(process.stdout),
    stderr: screenOf(process.stderr),
    interrupted: () => {
      if (interrupted === undefined) {
        const controller = new AbortController();
        interrupted = controller;
        const onSignal = (): void => {
          // A second signal means now.
          if (controller.signal.aborted) process.exit(130);
          controller.abort();
        };
        process.on('SIGINT', onSignal);
        process.on('SIGTERM', onSignal);
      }
      return interrupted.signal;
    },
  };
};
