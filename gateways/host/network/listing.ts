/** What a listing of nftables says, by name of set, map and chain, in a form that two equal tables share. */
export type Listing = ReadonlyMap<string, string>;

const sortedMembers = (line: string): string =>
  line.replace(/\{ ([^{}]*) \}/g, (_, members: string) => `{ ${members.split(', ').sort().join(', ')} }`);

/** The order of members, and of what is in a table, means nothing; the order of rules does. */
const normalised = (body: readonly string[]): string => {
  const text = body.join('\n');
  const elements = /elements = \{([^}]*)\}/.exec(text)?.[1];
  if (elements === undefined) return body.map(sortedMembers).join('\n');
  const members = elements.split(',').map((member) => member.trim().replace(/\s+/g, ' '));
  return text.replace(/elements = \{[^}]*\}/, members.sort().join('\n'));
};

/** Reads what `nft -s list ruleset` prints of tables of this name. */
export const listingOf = (printed: string, table: string): Listing => {
  const found = new Map<string, string>();
  let family: string | undefined;
  let name = '';
  let body: string[] = [];
  for (const line of printed.split('\n')) {
    const opened = /^table (\S+) (\S+) \{$/.exec(line);
    const unit = /^\t(set|map|chain) (\S+) \{$/.exec(line);
    if (opened !== null) family = opened[2] === table ? opened[1] : undefined;
    else if (unit !== null) [name, body] = [`${family} ${unit[1]} ${unit[2]}`, []];
    else if (line === '\t}' && family !== undefined) found.set(name, normalised(body));
    else body.push(line.trim());
  }
  return found;
};

/** The names of what differs, without the sets of `filled`, which are filled as things come to pass. */
export const differing = (wanted: Listing, found: Listing, filled: RegExp = /^$/): readonly string[] =>
  [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((name) => wanted.get(name) !== found.get(name) && !(filled.test(name) && found.has(name)))
    .sort();
