import { KeysUnavailable } from '#gateways/node';
import { Forgotten, KeyringUnavailable, Unreadable } from '#gateways/server/keyring/keyring';

/** Does what needs the keys of the authority; rejects with `KeysUnavailable` when they cannot be opened. */
export const withKeys = async <A>(work: () => Promise<A> | A): Promise<A> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Forgotten || error instanceof KeyringUnavailable || error instanceof Unreadable))
      throw error;
    throw new KeysUnavailable(error.message, { cause: error });
  }
};
