import type { Session } from '#gateways/cli/session';

/** The words that complete a flag or an argument. */
export interface Completes {
  /** Fixed words. */
  readonly values?: readonly string[];
  /** The noun whose live names are offered. */
  readonly noun?: string;
  /** `noun/id` of any noun that has a view. */
  readonly ref?: boolean;
  /** Names of contexts. */
  readonly context?: boolean;
}

export interface Argument extends Completes {
  readonly name: string;
  readonly summary: string;
  readonly required: boolean;
  /** Takes all the words that are left. */
  readonly rest?: boolean;
}

export interface Flag extends Completes {
  /** Without the dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in help, as in `<count>`; absent for a switch. */
  readonly metavar?: string;
  readonly summary: string;
  readonly repeatable?: boolean;
  /** Understood, and left out of help and completion: another form of what they show. */
  readonly hidden?: boolean;
}

export interface Example {
  readonly title: string;
  /** As it is typed, the program and all. */
  readonly line: string;
}

/** One verb of the command line, as data: help, completion and the reference page read the same. */
export interface Verb {
  readonly words: readonly string[];
  readonly summary: string;
  /** More than a sentence, for help. */
  readonly about?: string;
  readonly arguments: readonly Argument[];
  readonly flags: readonly Flag[];
  readonly examples: readonly Example[];
  readonly hidden?: boolean;
  /** Gives the exit code. */
  run(call: Call): Promise<number>;
}

/** What was typed, with the session that it was typed in. */
export interface Call {
  readonly session: Session;
  readonly verb: Verb;
  readonly words: Words;
}

/** Arguments and flags as they were given. */
export interface Words {
  /** One argument by its name; undefined when left out. */
  argument(name: string): string | undefined;
  /** The words of the argument that takes the rest. */
  rest(): readonly string[];
  /** Each value that a flag was given, none when it was not. */
  all(flag: string): readonly string[];
  /** The last value of a flag. */
  text(flag: string): string | undefined;
  /** A whole number of at least 0; a usage failure otherwise. */
  integer(flag: string): number | undefined;
  /** Milliseconds of `30s`, `5m` or `1500ms`; a number alone is seconds. */
  duration(flag: string): number | undefined;
  on(flag: string): boolean;
}
