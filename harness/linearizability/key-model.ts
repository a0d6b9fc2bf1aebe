import type { Model } from '#harness/linearizability/history';

export type KeyAction =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'delete' }
  /** Puts the value where `expected` is found; undefined: where nothing is. */
  | { readonly kind: 'swap'; readonly expected: string | undefined; readonly value: string };

/** The version counts the changes since a key was created, so that a change that is made twice is seen. */
export interface KeyState {
  readonly value: string;
  readonly version: number;
}

export const absent = 'absent';
export const done = 'done';
export const failed = 'failed';
export const heldAnswer = ({ value, version }: KeyState): string => `${value} in version ${version}`;

/** One key of a key-value store. */
export const keyModel: Model<KeyState | undefined, KeyAction> = {
  initial: undefined,
  apply: (state, action) => {
    switch (action.kind) {
      case 'get':
        return { state, answer: state === undefined ? absent : heldAnswer(state) };
      case 'put':
        return { state: next(state, action.value), answer: done };
      case 'delete':
        return { state: undefined, answer: state === undefined ? absent : done };
      case 'swap':
        return state?.value === action.expected
          ? { state: next(state, action.value), answer: done }
          : { state, answer: failed };
    }
  },
  nameOf: (state) => (state === undefined ? '' : heldAnswer(state)),
};

const next = (state: KeyState | undefined, value: string): KeyState => ({ value, version: (state?.version ?? 0) + 1 });
