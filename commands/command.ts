import type { AnyCodec, Codec, ObjectCodec, ObjectOf, Props } from '#commands/codec/codec';
import { object } from '#commands/codec/object';

/** A use of a command for reference pages and tests, in JSON form. */
export interface CommandExample {
  readonly title: string;
  readonly id?: string;
  readonly body: unknown;
}

export interface CommandCli {
  /** The verb as typed, when it is not `<noun> <verb>`. */
  readonly words: readonly string[];
  /** Body fields given as arguments, after the id, instead of flags. */
  readonly positional: readonly string[];
}

/** The whole public contract of one command. Routes, CLI verbs and reference pages are derived from it. */
export interface CommandSpec<Noun extends string, Verb extends string, Body, Id> {
  readonly kind: `${Noun}.${Verb}`;
  readonly noun: Noun;
  readonly verb: Verb;
  readonly summary: string;
  /** Absent for a command about no single thing; its `id` is then the empty text. */
  readonly id: Codec<Id> | undefined;
  readonly body: ObjectCodec<Body>;
  /** Only replicas and hosts may send it, or a reaction cause it. */
  readonly internal: boolean;
  /** A gateway makes parts of it, such as secrets, so that it has no route of its own and stands in no batch. */
  readonly stamped: boolean;
  /** The path of the POST, with `{id}` where the percent-encoded id goes. */
  readonly route: string;
  readonly cli: CommandCli;
  /** What a principal must be allowed to do; undefined: nothing but what the commands need that it runs. */
  readonly permission: string | undefined;
  /** Only what was granted for the whole cluster counts, also when the object is somebody's. */
  readonly ofCluster: boolean;
  readonly reply: AnyCodec | undefined;
  readonly examples: readonly CommandExample[];
}

export type AnyCommandSpec = CommandSpec<string, string, unknown, unknown>;

/** A decoded command, in the form that deciders take. */
export interface AnyCommand {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

/** The commands of these specifications, as a union by `kind`. */
export type CommandOf<S> =
  S extends CommandSpec<infer Noun, infer Verb, infer Body, infer Id>
    ? { readonly kind: `${Noun}.${Verb}`; readonly id: Id & string; readonly body: Body }
    : never;

interface CommandAbout<P extends Props> {
  readonly summary: string;
  readonly body: P;
  readonly internal?: boolean;
  readonly stamped?: boolean;
  readonly route?: string;
  /** When it is not the noun with an s. */
  readonly plural?: string;
  readonly cli?: Partial<CommandCli>;
  readonly permission?: string;
  readonly ofCluster?: boolean;
  /** It only runs other commands and reads, each of which is authorised by itself. */
  readonly composed?: boolean;
  readonly reply?: AnyCodec;
  readonly examples?: readonly CommandExample[];
}

export const command = <const Noun extends string, const Verb extends string, P extends Props, Id = ''>(
  noun: Noun,
  verb: Verb,
  about: CommandAbout<P> & { readonly id: Codec<Id> | undefined },
): CommandSpec<Noun, Verb, ObjectOf<P>, Id> => {
  const nouns = about.plural ?? `${noun}s`;
  return {
    kind: `${noun}.${verb}`,
    noun,
    verb,
    summary: about.summary,
    id: about.id,
    body: object(about.body),
    internal: about.internal ?? false,
    stamped: about.stamped ?? false,
    route: about.route ?? (about.id === undefined ? `/v1/${nouns}/${verb}` : `/v1/${nouns}/{id}/${verb}`),
    cli: { words: about.cli?.words ?? [noun, verb], positional: about.cli?.positional ?? [] },
    permission: about.composed === true ? undefined : (about.permission ?? `${noun}.${verb}`),
    ofCluster: about.ofCluster ?? false,
    reply: about.reply,
    examples: about.examples ?? [],
  };
};
