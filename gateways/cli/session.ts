import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { type Client, type ClientOptions, clientOf } from '#gateways/cli/client';
import { type Failure, reportLines } from '#gateways/cli/failure';
import { fieldLines, type Format, tableText, type TableColumn } from '#gateways/cli/format';
import { type Progress, silent, startProgress } from '#gateways/cli/progress';
import type { HostProgram } from '#gateways/cli/host-program';
import type { ServerProgram } from '#gateways/cli/server-program';
import { findTarget, type Target, type TargetFlags } from '#gateways/cli/target';
import type { Terminal } from '#gateways/cli/terminal';

/** What every verb takes beside its own flags. */
export interface Settings {
  /** Undefined when none was asked for. */
  readonly format: Format | undefined;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly timeoutMs: number | undefined;
  readonly target: TargetFlags;
}

/** How one value is shown: the same in JSON and YAML, in a way of its own for people, and by name for scripts. */
export interface Shown {
  readonly json: unknown;
  table(): string;
  /** `noun/id`, one each. */
  names?(): readonly string[];
}

/** What a run is given. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** Loads the server, which the CLI leaves alone until a verb needs it. */
  server(): Promise<ServerProgram>;
  /** Loads the agent of hosts, in the same way. */
  host(): Promise<HostProgram>;
}

export interface Session extends Surroundings {
  readonly settings: Settings;
  readonly format: Format;
  /** That of streams: a line of JSON for each change, unless a person watches. */
  readonly streamFormat: Format;
  readonly timeoutMs: number;
  readonly style: { bold(text: string): string; dim(text: string): string; red(text: string): string };
  readonly version: string;
  target(): Promise<Target>;
  client(options?: Partial<ClientOptions>): Promise<Client>;
  /** As `client`, but the endpoint is looked up again: a server that starts anew may have another port. */
  freshClient(): Promise<Client>;
  show(shown: Shown): void;
  line(text: string): void;
  /** For people only: nothing when the output is read by a program. */
  note(text: string): void;
  warn(text: string): void;
  progress(phrase: string): Progress;
  /** Waits with progress. */
  during<A>(phrase: string, work: Promise<A>): Promise<A>;
  table(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string;
  fields(value: unknown): string;
}

const defaultTimeoutMs = 30_000;

/** The manifest is two folders up from the bundle and from this source alike. */
export const ownVersion = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8'));
  return String((manifest as { readonly version?: unknown }).version);
};

export const sessionOf = (surroundings: Surroundings, settings: Settings, yamlText: YamlText): Session => {
  const { terminal } = surroundings;
  const { stdout, stderr } = terminal;
  const colors = createColors(settings.color && stdout.isTTY);
  const format = settings.format ?? 'table';
  const forPrograms = format === 'json' || format === 'yaml';
  const timeoutMs = settings.timeoutMs ?? defaultTimeoutMs;
  let target: Promise<Target> | undefined;
  const findOnce = (): Promise<Target> => (target ??= findTarget(terminal, settings.target));
  const line = (text: string): void => stdout.write(`${text}\n`);
  const note = (text: string): void => {
    if (!forPrograms && !settings.quiet) stderr.write(`${text}\n`);
  };
  const progress = (phrase: string): Progress =>
    settings.quiet || (forPrograms && !stderr.isTTY) ? silent : startProgress(stderr, phrase);
  return {
    ...surroundings,
    settings,
    format,
    streamFormat: settings.format ?? (stdout.isTTY ? 'table' : 'json'),
    timeoutMs,
    style: { bold: colors.bold, dim: colors.dim, red: colors.red },
    get version() {
      return ownVersion();
    },
    target: findOnce,
    client: async (options = {}) => {
      const client = clientOf(await findOnce(), { version: ownVersion(), timeoutMs, ...options });
      // Who keeps connections sends many requests and has its own way to tell how far it is.
      return options.connections === undefined ? withProgress(client, progress) : client;
    },
    freshClient: async () =>
      clientOf(await (target = findTarget(terminal, settings.target)), { version: ownVersion(), timeoutMs }),
    show: (shown) => {
      switch (format) {
        case 'table':
        case 'wide':
          return line(shown.table());
        case 'json':
          return line(JSON.stringify(shown.json, null, stdout.isTTY ? 2 : undefined));
        case 'yaml':
          return stdout.write(yamlText(shown.json));
        case 'name': {
          for (const name of shown.names?.() ?? []) line(name);
          return;
        }
      }
    },
    line,
    note,
    warn: (text) => {
      if (!forPrograms) stderr.write(`warning: ${text}\n`);
    },
    progress,
    during: async (phrase, work) => {
      const shown = progress(phrase);
      try {
        return await work;
      } finally {
        shown.done();
      }
    },
    table: (columns, rows) => tableText(columns, rows, format === 'wide' ? undefined : stdout.columns, colors.bold),
    fields: (value) => fieldLines(value, colors.bold),
  };
};

/** Requests that take long say so. */
const withProgress = (client: Client, progress: (phrase: string) => Progress): Client => {
  const during = async <A>(work: Promise<A>): Promise<A> => {
    const shown = progress(`waiting for ${client.target.endpoint.origin}`);
    try {
      return await work;
    } finally {
      shown.done();
    }
  };
  return {
    ...client,
    send: (request) => during(client.send(request)),
    ask: (request) => during(client.ask(request)),
  };
};

export type YamlText = (value: unknown) => string;

/** YAML for who asked for it: its library is a third of what a short run would load. */
export const loadYaml = async (format: Format): Promise<YamlText> =>
  format === 'yaml' ? (await import('yaml')).stringify : JSON.stringify;

/** A failure in the format that was asked for. */
export const showFailure = async (
  terminal: Terminal,
  format: Format,
  color: boolean,
  failure: Failure,
): Promise<void> => {
  const { stderr } = terminal;
  switch (format) {
    case 'json':
      return stderr.write(`${JSON.stringify(failure.report)}\n`);
    case 'yaml':
      return stderr.write((await loadYaml(format))(failure.report));
    case 'table':
    case 'wide':
    case 'name': {
      const { red } = createColors(color && stderr.isTTY);
      const [first = '', ...more] = reportLines(failure.report);
      stderr.write(`${[red(first), ...more].join('\n')}\n`);
    }
  }
};
