import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  AddressBlockMade,
  AddressBlocksBridged,
  AddressReleased,
  AddressTaken,
  bridgeAddressBlocks,
  dropAddressBlock,
  expireAddressBlock,
  releaseAddress,
  takeAddress,
  type AddressBlockCommand,
} from '#commands/prismnet/address-block';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { orderedKey } from '#aggregates/ordered-key';
import type { Reaction } from '#aggregates/procedure';
import {
  addressBlockKind,
  blockCount,
  blockId,
  blockIn,
  blockIndexes,
  freeFrom,
  isHeld,
  neighbour,
  rangeOf,
  reservedIn,
  type AddressBlock,
  type Ranged,
} from '#aggregates/prismnet/addresses';
import { hasBit, withBit, withoutBit } from '#aggregates/prismnet/bitmap';
import { quarantineMs } from '#aggregates/prismnet/network';

export type AddressBlockEvent =
  | { readonly kind: 'address-block.made'; readonly body: TypeOf<typeof AddressBlockMade> }
  | { readonly kind: 'address-block.taken'; readonly body: TypeOf<typeof AddressTaken> }
  | { readonly kind: 'address-block.released'; readonly body: TypeOf<typeof AddressReleased> }
  | { readonly kind: 'address-block.bridged'; readonly body: TypeOf<typeof AddressBlocksBridged> }
  | { readonly kind: 'address-block.expired'; readonly body: Readonly<Record<string, never>> }
  | { readonly kind: 'address-block.dropped'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  'address-block.absent': {
    category: 'absent',
    summary: 'There is no such block of addresses.',
    fix: 'Name a block of a range that exists.',
  },
  'address-block.unheld': {
    category: 'conflict',
    summary: 'Nothing that exists has the address.',
    fix: 'Create a port with the address, which takes it.',
  },
  'address-block.used': {
    category: 'conflict',
    summary: 'Something that exists has the address.',
    fix: 'Delete what has the address, which releases it.',
  },
} as const;

export const addressBlock: Aggregate<AddressBlock, AddressBlockCommand, AddressBlockEvent, keyof typeof rejections> = {
  kind: addressBlockKind,
  summary: 'Which of 256 addresses of a range are taken, and which rest.',
  commands: [takeAddress, releaseAddress, bridgeAddressBlocks, expireAddressBlock, dropAddressBlock],
  events: {
    'address-block.made': AddressBlockMade,
    'address-block.taken': AddressTaken,
    'address-block.released': AddressReleased,
    'address-block.bridged': AddressBlocksBridged,
    'address-block.expired': object({}),
    'address-block.dropped': object({}),
  },
  rejections,
  indexes: {
    [blockIndexes.free]: (state) => {
      const from = freeFrom(state);
      return from === undefined ? [] : [`${state.holder} ${orderedKey(from)}`];
    },
    [blockIndexes.gap]: ({ holder, gap }) => (gap > 0 ? [holder] : []),
  },

  decide(state, command, facts, { now }) {
    switch (command.kind) {
      case 'address-block.take': {
        const { holder, number } = blockIn(command.id);
        const range = rangeOf(facts, holder);
        if (range === undefined || number >= blockCount(range)) return reject('address-block.absent');
        const { offset } = command.body;
        if (!isHeld(facts, holder, number, offset)) return reject('address-block.unheld', { offset });
        const taken: AddressBlockEvent = { kind: 'address-block.taken', body: { offset } };
        if (state !== undefined) return hasBit(state.taken, offset) ? accept() : accept(taken);
        const body = { holder, number, reserved: reservedIn(range, number), gap: gapBehind(facts, command.id, range) };
        return accept<AddressBlockEvent>({ kind: 'address-block.made', body }, taken);
      }
      case 'address-block.release': {
        const { offset } = command.body;
        if (state === undefined || !hasBit(state.taken, offset) || hasBit(state.reserved, offset)) return accept();
        if (isHeld(facts, state.holder, state.number, offset)) return reject('address-block.used', { offset });
        return accept({ kind: 'address-block.released', body: { offset, until: now + quarantineMs } });
      }
      case 'address-block.bridge': {
        const range = state === undefined ? undefined : rangeOf(facts, state.holder);
        if (state === undefined || range === undefined) return reject('address-block.absent');
        const gap = gapBehind(facts, command.id, range);
        return state.gap === gap ? accept() : accept({ kind: 'address-block.bridged', body: { gap } });
      }
      case 'address-block.expire': {
        const due = state === undefined ? undefined : emptyFrom(state);
        if (state === undefined || due === undefined || due > now) return accept();
        return accept({ kind: 'address-block.expired', body: {} });
      }
      case 'address-block.drop':
        if (state === undefined) return accept();
        if (rangeOf(facts, state.holder) !== undefined) return reject('address-block.used', { holder: state.holder });
        return accept({ kind: 'address-block.dropped', body: {} });
    }
  },

  evolve(state, event, { now }) {
    if (event.kind === 'address-block.made') {
      return { ...event.body, taken: event.body.reserved, resting: [] };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'address-block.taken':
        return {
          ...state,
          taken: withBit(state.taken, event.body.offset),
          resting: state.resting.filter(({ offset, until }) => until > now && offset !== event.body.offset),
        };
      case 'address-block.released':
        return {
          ...state,
          taken: withoutBit(state.taken, event.body.offset),
          resting: [...state.resting.filter(({ until }) => until > now), event.body],
        };
      case 'address-block.bridged':
        return { ...state, gap: event.body.gap };
      case 'address-block.expired':
      case 'address-block.dropped':
        return undefined;
    }
  },

  due: (state) => emptyFrom(state),
  onDue: expireAddressBlock.kind,
};

/** When nothing of a block is taken nor rests any more; undefined while something is taken. */
const emptyFrom = ({ taken, reserved, resting }: AddressBlock): number | undefined =>
  taken === reserved ? Math.max(0, ...resting.map(({ until }) => until)) : undefined;

/** Blocks behind one that are not made. */
const gapBehind = (facts: Facts, id: string, range: Ranged): number =>
  (neighbour(facts, id, 'behind')?.number ?? blockCount(range)) - blockIn(id).number - 1;

/** Each block knows how many behind it are not made, so that the first of those is found without looking at all. */
export const bridging: readonly Reaction[] = ['made', 'expired'].map((verb) => ({
  on: `address-block.${verb}`,
  react: ({ id }, facts) => {
    const before = neighbour(facts, id, 'before');
    if (before === undefined) return [];
    return [{ kind: bridgeAddressBlocks.kind, id: blockId(before.holder, before.number), body: {} }];
  },
}));
