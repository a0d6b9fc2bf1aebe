/** Named contents of a table of nftables, as text of its language. */
export type Unit =
  | { readonly kind: 'set' | 'map'; readonly name: string; readonly type: string; readonly elements: readonly string[] }
  | { readonly kind: 'chain'; readonly name: string; readonly hook?: string; readonly rules: readonly string[] };

export interface RuleTable {
  readonly family: 'bridge' | 'inet' | 'ip';
  readonly name: string;
  readonly units: readonly Unit[];
}

const spread = (lines: readonly string[]): string => lines.map((line) => `    ${line}\n`).join('');

const rendered = (unit: Unit): string => {
  if (unit.kind === 'chain') {
    const hook = unit.hook === undefined ? '' : `    ${unit.hook}\n`;
    return `  chain ${unit.name} {\n${hook}${spread(unit.rules)}  }\n`;
  }
  const elements =
    unit.elements.length === 0 ? '' : `    elements = {\n${spread([unit.elements.join(',\n    ')])}    }\n`;
  return `  ${unit.kind} ${unit.name} {\n    ${unit.type}\n${elements}  }\n`;
};

/** Loads a table in place of whatever has its name, at once. */
export const replaced = ({ family, name, units }: RuleTable): string =>
  `table ${family} ${name}\ndelete table ${family} ${name}\n` +
  `table ${family} ${name} {\n${units.map(rendered).join('')}}\n`;

/** Takes a table away, also when it is not there. */
export const removed = ({ family, name }: Pick<RuleTable, 'family' | 'name'>): string =>
  `table ${family} ${name}\ndelete table ${family} ${name}\n`;

interface Difference {
  /** In the order in which nftables takes them in one transaction. */
  readonly declared: string[];
  readonly emptied: string[];
  readonly filled: string[];
  readonly deleted: string[];
}

const contents = (unit: Unit): readonly string[] => (unit.kind === 'chain' ? unit.rules : unit.elements);

const equal = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((line, index) => line === other[index]);

const word = (unit: Unit): string => (unit.kind === 'chain' ? 'chain' : unit.kind);

const compare = (table: string, before: Unit | undefined, after: Unit | undefined, into: Difference): void => {
  const unit = after ?? before;
  if (unit === undefined) return;
  const target = `${table} ${unit.name}`;
  if (before === undefined) {
    const body = unit.kind === 'chain' ? (unit.hook ?? '') : unit.type;
    into.declared.push(`add ${word(unit)} ${target} {\n${body}\n}`);
  }
  if (after === undefined) into.deleted.push(`delete ${word(unit)} ${target}`);
  const old = before === undefined ? [] : contents(before);
  const wanted = after === undefined ? [] : contents(after);
  if (equal(old, wanted)) return;
  if (unit.kind === 'chain') {
    if (old.length > 0) into.emptied.push(`flush chain ${target}`);
    for (const rule of wanted) into.filled.push(`add rule ${target} ${rule}`);
    return;
  }
  const [have, want] = [new Set(old), new Set(wanted)];
  const gone = old.filter((element) => !want.has(element));
  const come = wanted.filter((element) => !have.has(element));
  if (gone.length > 0) into.emptied.push(`delete element ${target} {\n${gone.join(',\n')}\n}`);
  if (come.length > 0) into.filled.push(`add element ${target} {\n${come.join(',\n')}\n}`);
};

/** What turns one table into the other, at once; empty when they are equal. Both have the same name. */
export const changed = (before: RuleTable, after: RuleTable): string => {
  const old = new Map(before.units.map((unit) => [unit.name, unit]));
  const wanted = new Map(after.units.map((unit) => [unit.name, unit]));
  const into: Difference = { declared: [], emptied: [], filled: [], deleted: [] };
  const table = `${after.family} ${after.name}`;
  for (const unit of after.units) compare(table, old.get(unit.name), unit, into);
  for (const unit of before.units) if (!wanted.has(unit.name)) compare(table, unit, undefined, into);
  // A set may only go when no rule reads it, a chain when none jumps to it: chains were emptied before.
  const deleted = [...into.deleted].sort();
  const lines = [...into.declared, ...into.emptied, ...into.filled, ...deleted];
  return lines.map((line) => `${line}\n`).join('');
};
