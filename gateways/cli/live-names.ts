import { isObject, listAt } from '#gateways/cli/json';
import { idWordOf } from '#gateways/cli/key-text';
import { contextPath, readContexts } from '#gateways/cli/context-file';
import type { Session } from '#gateways/cli/session';
import type { Completes } from '#gateways/cli/verb';

/** Where the live names of a noun are listed. */
export interface Listing {
  readonly noun: string;
  /** The word that its verbs have. */
  readonly word: string;
  readonly route: string;
  /** Whether the list takes a prefix. */
  readonly prefixed: boolean;
}

/** A person waits for the key that they pressed. */
const patienceMs = 1_500;

const most = 200;

/** Names that begin as typed; none when nobody answers in time. */
export const liveNames = async (
  session: Session,
  listings: readonly Listing[],
  { noun, ref = false, context = false }: Completes,
  typed: string,
): Promise<readonly string[]> => {
  if (context) {
    const { contexts } = await readContexts(contextPath(session.terminal));
    return Object.keys(contexts).filter((name) => name.startsWith(typed));
  }
  if (ref) {
    const cut = typed.indexOf('/');
    if (cut === -1) return listings.map((each) => `${each.noun}/`).filter((word) => word.startsWith(typed));
    const word = typed.slice(0, cut);
    const listing = listings.find((each) => each.noun === word || each.word === word);
    const names = listing === undefined ? [] : await namesOf(session, listing, typed.slice(cut + 1));
    return names.map((name) => `${word}/${name}`);
  }
  const listing = listings.find((each) => each.noun === noun);
  return listing === undefined ? [] : namesOf(session, listing, typed);
};

const namesOf = async (session: Session, listing: Listing, typed: string): Promise<readonly string[]> => {
  const client = await session.client({ timeoutMs: patienceMs });
  const query = { limit: most, consistency: 'local', ...(listing.prefixed && typed !== '' ? { prefix: typed } : {}) };
  const { json } = await client.ask({ method: 'GET', path: listing.route, query });
  return listAt(json, 'items').flatMap((row) => {
    const name = isObject(row) ? idWordOf(row, listing.noun) : undefined;
    return name?.startsWith(typed) === true ? [name] : [];
  });
};
