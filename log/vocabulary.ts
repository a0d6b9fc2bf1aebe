import type { Access } from '#aggregates/access';
import type { AnyAggregate } from '#aggregates/aggregate';
import type { AnyProcedure, Reaction } from '#aggregates/procedure';
import type { AnyCommandSpec } from '#commands/command';
import type { RejectionSpec } from '#commands/rejection';
import type { AnyView } from '#projections/view';
import type { Component } from '#log/component';

/** Every word that the components brought, by kind: built once, read on each decision. */
export interface Vocabulary {
  readonly components: readonly Component[];
  readonly commands: ReadonlyMap<string, AnyCommandSpec>;
  readonly deciders: ReadonlyMap<string, AnyAggregate>;
  readonly procedures: ReadonlyMap<string, AnyProcedure>;
  readonly reactions: ReadonlyMap<string, readonly Reaction[]>;
  readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  readonly views: ReadonlyMap<string, AnyView>;
  readonly rejections: ReadonlyMap<string, RejectionSpec>;
  /** Name of an index to the aggregate that keeps it. */
  readonly indexes: ReadonlyMap<string, AnyAggregate>;
  /** Name of a sum to those who add to it. */
  readonly sums: ReadonlyMap<string, readonly AnyAggregate[]>;
  /** Absent: nobody but the system and the break-glass token may do anything. */
  readonly access: Access | undefined;
}

/** Throws when two components claim one word: a defect of the catalogue, found at start. */
export const vocabularyOf = (components: readonly Component[]): Vocabulary => {
  const commands = new Map<string, AnyCommandSpec>();
  const deciders = new Map<string, AnyAggregate>();
  const procedures = new Map<string, AnyProcedure>();
  const reactions = new Map<string, Reaction[]>();
  const aggregates = new Map<string, AnyAggregate>();
  const views = new Map<string, AnyView>();
  const rejections = new Map<string, RejectionSpec>(Object.entries(kernelRejections));
  const indexes = new Map<string, AnyAggregate>();
  const sums = new Map<string, AnyAggregate[]>();
  for (const component of components) {
    for (const aggregate of component.aggregates) {
      claim(aggregates, aggregate.kind.noun, aggregate);
      for (const spec of aggregate.commands) {
        claim(commands, spec.kind, spec);
        claim(deciders, spec.kind, aggregate);
      }
      for (const name of Object.keys(aggregate.indexes ?? {})) claim(indexes, name, aggregate);
      for (const name of Object.keys(aggregate.sums ?? {})) sums.set(name, [...(sums.get(name) ?? []), aggregate]);
      for (const [code, spec] of Object.entries(aggregate.rejections)) rejections.set(code, spec);
    }
    for (const procedure of component.procedures) {
      claim(commands, procedure.command.kind, procedure.command);
      claim(procedures, procedure.command.kind, procedure);
      for (const [code, spec] of Object.entries(procedure.rejections)) rejections.set(code, spec);
    }
    for (const reaction of component.reactions) {
      reactions.set(reaction.on, [...(reactions.get(reaction.on) ?? []), reaction]);
    }
    for (const view of component.views) claim(views, view.spec.noun, view);
  }
  for (const name of sums.keys()) if (indexes.has(name)) throw new Error(`"${name}" is an index and a sum`);
  const access = components.find((component) => component.access !== undefined)?.access;
  return {
    components,
    commands,
    deciders,
    procedures,
    reactions,
    aggregates,
    views,
    rejections,
    indexes,
    sums,
    access,
  };
};

/** Refusals that the log itself gives, whatever the command. */
export const kernelRejections = {
  'request.forbidden': {
    category: 'forbidden',
    summary: 'You are not allowed to do this.',
    fix:
      'Ask an owner of the resource to bind a role to you that has the permission named in the detail; ' +
      '`ultracloud iam why-denied` with the position shows every rule that was considered.',
  },
  'object.absent': {
    category: 'absent',
    summary: 'There is no such object, or you may not know of it.',
    fix: 'Check the id; if it should be there, ask an owner of its project to bind a role to you.',
  },
  'credential.ended': {
    category: 'forbidden',
    summary: 'The credential that was shown stands for nobody any more.',
    fix: 'Log in again, or ask for another access key or certificate; the detail says what has ended.',
  },
  'request.reused': {
    category: 'conflict',
    summary: 'This idempotency key was used for another request.',
    fix: 'Use a new idempotency key for a new request.',
  },
  'request.expired': {
    category: 'conflict',
    summary: 'This idempotency key is older than the window in which requests are remembered.',
    fix: 'Read the current state to see whether the request was carried out, then send it with a new key.',
  },
  'expect.moved': {
    category: 'conflict',
    summary: 'A fact that this decision rests on has changed since the expected position.',
    fix: 'Read the current state, then decide again.',
  },
  'expect.version': {
    category: 'conflict',
    summary: 'The object has another version than expected.',
    fix: 'Read the object, then decide again.',
  },
  'budget.exceeded': {
    category: 'exhausted',
    summary: 'This command would do more at one position than is allowed.',
    fix: 'Split it into smaller commands; the detail names the limit. A range of keys is swept (`sweep start`).',
  },
  'command.unknown': {
    category: 'invalid',
    summary: 'This release knows no such command.',
    fix: 'Check the name of the command, or raise the feature level after upgrading every replica.',
  },
  'command.poisoned': {
    category: 'unavailable',
    summary: 'The decision failed because of a defect; nothing was changed.',
    fix: 'Report it with the position; `ultracloud debug bundle` collects what is needed.',
  },
} as const satisfies Readonly<Record<string, RejectionSpec>>;

const claim = <V>(words: Map<string, V>, word: string, value: V): void => {
  if (words.has(word)) throw new Error(`two components claim "${word}"`);
  words.set(word, value);
};
