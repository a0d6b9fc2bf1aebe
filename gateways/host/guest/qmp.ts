import { createConnection, type Socket } from 'node:net';
import { GuestFailure } from '#gateways/host/guest/guest-failure';
import { within } from '#gateways/host/guest/waiting';

/** Something that QEMU told unasked. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What QEMU's own error said, as the cause of a `refused`. */
interface QmpError {
  readonly class: string;
  readonly desc: string;
}

type Arguments = Readonly<Record<string, unknown>>;

/** One connection to a QEMU. It ends with the socket and is never opened again: connect anew. */
export interface Qmp {
  /**
   * Gives what the command returned. Fails with `refused` when QEMU says no, `deadline` when it says nothing in time,
   * and `lost` when the connection ends. After a `deadline` the command may still be carried out.
   */
  execute(command: string, given?: Arguments, timeoutMs?: number): Promise<unknown>;
  /** Hears of each event from now on; gives the way to stop. */
  listen(heard: (event: QmpEvent) => void): () => void;
  /** The first event from now on that is meant. Ask before the command that leads to it. */
  event(name: string, timeoutMs: number, meant?: (data: QmpEvent['data']) => boolean): Promise<QmpEvent>;
  readonly closed: boolean;
  /** Runs once, when the connection has ended for whatever reason. */
  onClose(ended: () => void): void;
  close(): void;
}

const ANSWER_MS = 5_000;

/** QEMU's longest answers are kilobytes; a longer line comes from something that means harm. */
const LONGEST_LINE = 4 * 2 ** 20;

/** What the system allows for the path of a Unix socket, without its end. */
export const LONGEST_SOCKET_PATH = 107;

/** Connects, and takes part in the greeting. One deadline for all of it: a stopped QEMU accepts and says nothing. */
export const connectQmp = async (path: string, timeoutMs = ANSWER_MS): Promise<Qmp> => {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new GuestFailure('unusable', `The path of a socket has at most ${LONGEST_SOCKET_PATH} bytes: ${path}`);
  }
  const socket = createConnection({ path });
  const monitor = new Monitor(socket);
  try {
    await within(`the greeting of QEMU at ${path}`, timeoutMs, monitor.greeted);
    await monitor.execute('qmp_capabilities', {}, timeoutMs);
    return monitor;
  } catch (error) {
    monitor.close();
    throw error;
  }
};

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: GuestFailure) => void;
}

class Monitor implements Qmp {
  readonly greeted: Promise<void>;
  closed = false;
  private greet: () => void = () => undefined;
  private refuse: (error: GuestFailure) => void = () => undefined;
  private next = 1;
  private text = '';
  private readonly socket: Socket;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<(event: QmpEvent) => void>();
  private readonly endings = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    this.greeted = new Promise((resolve, reject) => {
      this.greet = resolve;
      this.refuse = reject;
    });
    // It may be refused after nobody waits for it any more.
    this.greeted.catch(() => undefined);
    let reason = 'QEMU closed it.';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.take(chunk));
    socket.on('error', (error) => (reason = error.message));
    socket.on('close', () => this.end(reason));
  }

  execute(command: string, given: Arguments = {}, timeoutMs = ANSWER_MS): Promise<unknown> {
    if (this.closed) return Promise.reject(new GuestFailure('lost', `${command} was not sent.`));
    const id = this.next++;
    const answer = new Promise<unknown>((resolve, reject) => this.pending.set(id, { command, resolve, reject }));
    this.socket.write(`${JSON.stringify({ execute: command, arguments: given, id })}\n`);
    return within(`${command} of QEMU`, timeoutMs, answer).finally(() => this.pending.delete(id));
  }

  listen(heard: (event: QmpEvent) => void): () => void {
    this.listeners.add(heard);
    return () => this.listeners.delete(heard);
  }

  event(name: string, timeoutMs: number, meant: (data: QmpEvent['data']) => boolean = () => true): Promise<QmpEvent> {
    let stop = (): void => undefined;
    const heard = new Promise<QmpEvent>((resolve, reject) => {
      const ended = (): void => reject(new GuestFailure('lost', `Waited for ${name}.`));
      if (this.closed) return ended();
      const forget = this.listen((event) => {
        if (event.name === name && meant(event.data)) resolve(event);
      });
      this.endings.add(ended);
      stop = () => {
        forget();
        this.endings.delete(ended);
      };
    });
    const event = within(`${name} of QEMU`, timeoutMs, heard).finally(() => stop());
    // Whoever asks for it first sends a command, which may fail before the event is waited for.
    event.catch(() => undefined);
    return event;
  }

  onClose(ended: () => void): void {
    if (this.closed) ended();
    else this.endings.add(ended);
  }

  close(): void {
    this.socket.destroy();
    this.end('It was closed here.');
  }

  private end(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.refuse(new GuestFailure('lost', reason));
    for (const { command, reject } of this.pending.values()) {
      reject(new GuestFailure('lost', `${command} has no answer. ${reason}`));
    }
    this.pending.clear();
    for (const ended of this.endings) ended();
    this.endings.clear();
  }

  private take(chunk: string): void {
    this.text += chunk;
    for (let end = this.text.indexOf('\n'); end >= 0; end = this.text.indexOf('\n')) {
      const line = this.text.slice(0, end);
      this.text = this.text.slice(end + 1);
      if (line.trim() !== '') this.understand(line);
    }
    if (this.text.length > LONGEST_LINE) this.socket.destroy();
  }

  private understand(line: string): void {
    const message = messageOf(line);
    if (message === undefined) {
      this.socket.destroy();
      return;
    }
    if ('QMP' in message) this.greet();
    else if (typeof message['event'] === 'string') {
      const event = { name: message['event'], data: recordOf(message['data']) };
      for (const heard of this.listeners) heard(event);
    } else this.answer(message);
  }

  private answer(message: Readonly<Record<string, unknown>>): void {
    const waiting = this.pending.get(Number(message['id']));
    if (waiting === undefined) return;
    if (!('error' in message)) return waiting.resolve(message['return']);
    const { desc } = message['error'] as QmpError;
    waiting.reject(new GuestFailure('refused', `${waiting.command}: ${String(desc)}`, message['error']));
  }
}

const messageOf = (line: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

const noFields = {};

/** The fields of an answer of QEMU; none when it is no object. */
export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : noFields;
