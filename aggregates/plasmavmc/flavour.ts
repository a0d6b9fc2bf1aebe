import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { createFlavour, deleteFlavour, describeFlavour, type FlavourCommand } from '#commands/plasmavmc/flavour';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { same } from '#aggregates/same';

export type Flavour = TypeOf<typeof createFlavour.body>;

export const flavourKind = kind<Flavour>('flavour');

export type FlavourEvent =
  | { readonly kind: 'flavour.created'; readonly body: Flavour }
  | { readonly kind: 'flavour.described'; readonly body: TypeOf<typeof describeFlavour.body> }
  | { readonly kind: 'flavour.deleted'; readonly body: Readonly<Record<string, never>> };

export const flavourAbsent = {
  'flavour.absent': {
    category: 'absent',
    summary: 'There is no such flavour.',
    fix: 'List the flavours, or give the size itself.',
  },
} as const;

const rejections = {
  ...flavourAbsent,
  'flavour.exists': {
    category: 'conflict',
    summary: 'A flavour of this name exists with another size or description.',
    fix: 'Choose another name; the size of a flavour does not change.',
  },
} as const;

export const flavour: Aggregate<Flavour, FlavourCommand, FlavourEvent, keyof typeof rejections> = {
  kind: flavourKind,
  summary: 'A size of virtual machines that has a name.',
  commands: [createFlavour, describeFlavour, deleteFlavour],
  events: {
    'flavour.created': createFlavour.body,
    'flavour.described': describeFlavour.body,
    'flavour.deleted': object({}),
  },
  rejections,

  decide(state, command) {
    if (command.kind === 'flavour.create') {
      if (state === undefined) return accept({ kind: 'flavour.created', body: command.body });
      return same(state, command.body) ? accept() : reject('flavour.exists');
    }
    if (state === undefined) return reject('flavour.absent');
    switch (command.kind) {
      case 'flavour.describe':
        return state.description === command.body.description
          ? accept()
          : accept({ kind: 'flavour.described', body: command.body });
      case 'flavour.delete':
        return accept({ kind: 'flavour.deleted', body: {} });
    }
  },

  evolve(state, event) {
    switch (event.kind) {
      case 'flavour.created':
        return event.body;
      case 'flavour.described':
        return state === undefined ? impossible(event) : { ...state, ...event.body };
      case 'flavour.deleted':
        return undefined;
    }
  },
};
