import { usage } from '#gateways/cli/failure';
import { visible } from '#gateways/cli/visible';

export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;

export type Format = (typeof formats)[number];

export const formatOf = (given: string | undefined): Format => {
  const format = formats.find((known) => known === (given ?? 'table'));
  if (format !== undefined) return format;
  throw usage(`--output: expected ${formats.join(', ')}, got ${JSON.stringify(given)}.`);
};

/** One value in a cell of a table. */
export const cellText = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return visible(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return visible(JSON.stringify(value));
};

export interface TableColumn {
  readonly title: string;
  /** Numbers read best with their ends aligned. */
  readonly right?: boolean;
}

const gap = 3;
const least = 8;

/**
 * Rows in columns. `width` is that of the terminal: the widest columns are cut to fit; undefined cuts nothing. Titles
 * go through `style`.
 */
export const tableText = (
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
  style: (title: string) => string,
): string => {
  const widths = fitted(
    columns.map((column, i) => Math.max(column.title.length, ...rows.map((row) => widthOf(row[i] ?? '')))),
    width,
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const shown = cut(cell, widths[i] ?? 0);
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(shown)));
        return columns[i]?.right === true ? `${padding}${shown}` : `${shown}${padding}`;
      })
      .join(' '.repeat(gap))
      .trimEnd();
  return [style(line(columns.map(({ title }) => title))), ...rows.map(line)].join('\n');
};

const fitted = (natural: readonly number[], width: number | undefined): readonly number[] => {
  const widths = [...natural];
  if (width === undefined) return widths;
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap * (widths.length - 1) - width;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const from = widths[widest] ?? 0;
    const next = Math.max(least, ...widths.filter((each) => each < from));
    const taken = Math.min(excess, Math.max(1, from - next));
    if (from - taken < least) break;
    widths[widest] = from - taken;
    excess -= taken;
  }
  return widths;
};

const widthOf = (text: string): number => (/^[\u0020-\u007e]*$/.test(text) ? text.length : [...text].length);

const cut = (text: string, width: number): string =>
  widthOf(text) <= width ? text : `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;

/** Fields of an object, one a line, nested ones by dotted path. */
export const fieldLines = (value: unknown, style: (name: string) => string): string => {
  const fields = flatten(value, '');
  const width = Math.max(0, ...fields.map(([name]) => name.length));
  return fields.map(([name, text]) => `${style(name.padEnd(width))}${' '.repeat(gap)}${text}`.trimEnd()).join('\n');
};

const flatten = (value: unknown, path: string): readonly (readonly [string, string])[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, cellText(value)]];
  return Object.entries(value).flatMap(([name, below]) => flatten(below, path === '' ? name : `${path}.${name}`));
};
