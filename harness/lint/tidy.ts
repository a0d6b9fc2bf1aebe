import {
  createSourceFile,
  isNoSubstitutionTemplateLiteral,
  isJSDoc,
  isStringLiteral,
  isTemplateHead,
  isTemplateMiddleOrTemplateTail,
  ScriptTarget,
  type Node,
} from 'typescript';

/** A file of the project; `path` is relative to its root, with slashes. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

interface Ban {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
  readonly where: (path: string) => boolean;
  /** Also looked for in comments and in the text of strings. */
  readonly raw?: boolean;
}

const isSource = (path: string): boolean => /\.(ts|mjs|cjs|js)$/.test(path);
const isTypeScript = (path: string): boolean => path.endsWith('.ts');
const isTest = (path: string): boolean => path.endsWith('.test.ts');
const isPure = (path: string): boolean =>
  /^(commands|aggregates|projections)\//.test(path) && isTypeScript(path) && !isTest(path);
const isSilent = (path: string): boolean =>
  isTypeScript(path) && !/^(gateways\/cli|harness)\//.test(path) && !isTest(path);

/** The words that must not be written; each entry says what to write instead. */
export const bans: readonly Ban[] = [
  {
    name: 'clock',
    pattern: /\bDate\.(?!UTC\()|\bnew Date\((?:\)|[^()]*,)|(?<!new )\bDate\(|\bperformance\b/,
    instead: 'the time that the entry carries',
    where: isPure,
  },
  {
    name: 'time zone',
    pattern: /\.[gs]et(FullYear|Month|Date|Day|Hours|Minutes|Seconds|Milliseconds|TimezoneOffset)\(/,
    instead: 'the UTC form of the method',
    where: isPure,
  },
  {
    name: 'randomness',
    pattern: /\bMath\.random\b|\brandom(UUID|Bytes|Int)\b|\bcrypto\b/,
    instead: 'an id or a seed that the command carries',
    where: isPure,
  },
  {
    name: 'inexact arithmetic',
    pattern: /\bMath\.(a?(sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot)\b/,
    instead: 'integers: the last digit of these differs between engines',
    where: isPure,
  },
  {
    name: 'environment',
    pattern: /\bprocess\b|\bglobalThis\b|\brequire\(|\bimport\(/,
    instead: 'an argument',
    where: isPure,
  },
  {
    name: 'waiting',
    pattern: /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bawait\b|\basync\b|\bPromise\b/,
    instead: 'a gateway: this layer is synchronous',
    where: isPure,
  },
  {
    name: 'locale',
    pattern: /\blocaleCompare\b|\btoLocale\w+|\bIntl\b/,
    instead: 'a comparison of code units or of bytes: locales differ between machines',
    where: isPure,
  },
  {
    name: 'unicode tables',
    pattern: /\\p\{|\.normalize\(/i,
    instead: 'explicit ranges: the tables change with the release of Node',
    where: isPure,
    raw: true,
  },
  {
    name: 'inherited keys',
    pattern: /\bfor \((?:const|let|var) [^;()]+ in /,
    instead: 'Object.keys or Object.entries',
    where: isPure,
  },
  {
    name: 'module state',
    pattern: /^(?:export )?(?:let|var) /m,
    instead: '`const`: state of a module makes two replays differ',
    where: isPure,
  },
  {
    name: 'any',
    pattern: /\bas any\b|: any\b|<any>|\bany\[\]/,
    instead: '`unknown` and a codec',
    where: isTypeScript,
  },
  {
    name: 'silenced checks',
    pattern: /@ts-(ignore|nocheck)|eslint-disable(?!.* -- \w)/,
    instead: 'a type that is right, or ` -- ` and the reason',
    where: isSource,
    raw: true,
  },
  { name: 'default export', pattern: /\bexport default\b/, instead: 'a named export', where: isTypeScript },
  {
    name: 're-export',
    pattern: /\bexport (?:type )?(?:\*|\{[^}]*\} from\b)/,
    instead: 'an import of the file that defines the name',
    where: isTypeScript,
  },
  { name: 'enum', pattern: /\benum [A-Z]/, instead: 'a union of string literals', where: isTypeScript },
  { name: 'console', pattern: /\bconsole\./, instead: 'the logger', where: isSilent },
  {
    name: 'unfinished work',
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/,
    instead: 'an issue, or the work',
    where: (path) => isSource(path) || path.endsWith('.md'),
    raw: true,
  },
  {
    name: 'long line',
    pattern: /^.{121,}$/m,
    instead: 'at most 120 characters',
    where: isSource,
    raw: true,
  },
];

/**
 * The code of a file alone: comments and the insides of strings are blank, everything else keeps its line and column.
 * Words in prose are not calls.
 */
const codeOf = ({ path, text }: ProjectFile): string => {
  const blank = text.replace(/[^\n]/g, ' ');
  const source = createSourceFile(path, text, ScriptTarget.Latest, true);
  const pieces: string[] = [];
  let end = 0;
  const keep = (from: number, to: number): void => {
    pieces.push(blank.slice(end, from), text.slice(from, to));
    end = to;
  };
  const visit = (node: Node): void => {
    if (isJSDoc(node)) return;
    const children = node.getChildren(source);
    if (children.length > 0) return children.forEach(visit);
    const isText =
      isStringLiteral(node) ||
      isNoSubstitutionTemplateLiteral(node) ||
      isTemplateHead(node) ||
      isTemplateMiddleOrTemplateTail(node);
    if (!isText) keep(node.getStart(source), node.getEnd());
  };
  visit(source);
  return pieces.join('') + blank.slice(end);
};

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** Every place where something banned is written, as `path:line: …`. */
export const bannedIn = (files: readonly ProjectFile[]): readonly string[] =>
  files.flatMap((file) => {
    const code = isTypeScript(file.path) ? codeOf(file) : file.text;
    return bans
      .filter(({ where }) => where(file.path))
      .flatMap(({ name, pattern, instead, raw }) => {
        const text = raw ? file.text : code;
        return [...text.matchAll(new RegExp(pattern, `g${pattern.flags}`))].map(
          ({ index, 0: found }) =>
            `${file.path}:${lineAt(text, index)}: ${found.trim().slice(0, 40)} is banned (${name}); use ${instead}`,
        );
      });
  });

/** Names that say nothing, also at the end of a longer one; and words that say too little by themselves. */
const empty = ['utils?', 'helpers?', 'common', 'misc', 'managers?', 'stuff'];
const alone = ['shared', 'core', 'lib', 'base', 'services?', 'handlers?', 'processors?', 'data', 'info', 'types'];
const vagueName = new RegExp(
  `((^|[/-])(${empty.join('|')})|(^|/)(${alone.join('|')}|constants|index))(/|\\.[a-z.]+$)`,
  'i',
);

/** Source files whose name, or whose folder's name, says nothing about what is in them. */
export const vaguelyNamed = (files: readonly ProjectFile[]): readonly string[] =>
  files.map(({ path }) => path).filter((path) => isSource(path) && vagueName.test(path));

/** Component folders that `gateways/catalog.ts` does not list: their code would never run. */
export const missingInCatalog = (files: readonly ProjectFile[]): readonly string[] => {
  const catalog = files.find(({ path }) => path === 'gateways/catalog.ts')?.text ?? '';
  const folders = files.flatMap(({ path }) => /^(?:commands|aggregates|projections)\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(folders)].filter((folder) => folder !== 'codec' && !catalog.includes(`name: '${folder}'`));
};

/** State machines and planners without a decision table beside them. */
export const withoutTable = (files: readonly ProjectFile[]): readonly string[] => {
  const paths = new Set(files.map(({ path }) => path));
  return [...paths].filter(
    (path) => /^aggregates\/[^/]+\//.test(path) && isPure(path) && !paths.has(path.replace(/\.ts$/, '.test.ts')),
  );
};

/** Source files in which two nouns have met. */
export const tooLong = (files: readonly ProjectFile[]): readonly string[] =>
  files
    .filter(({ path }) => isSource(path) && !isTest(path))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > 400)
    .map(({ path, lines }) => `${path} has ${lines} lines, at most 400`);

/** Addresses that tie the project to where it happened to be installed from. */
export const downloadAddresses = (files: readonly ProjectFile[]): readonly string[] =>
  files
    .filter(({ path }) => /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|\.npmrc)$/.test(path))
    .filter(({ text }) => /"resolved": "http|^\s*registry\s*=/m.test(text))
    .map(
      ({ path }) => `${path}: names a registry; npm config set omit-lockfile-registry-resolved true, then rewrite it`,
    );

/** Folders of one machine, written down. `folders` are absolute; those that any machine has are passed over. */
export const machinePaths = (files: readonly ProjectFile[], folders: readonly string[]): readonly string[] => {
  const everywhere = ['', '/', '/tmp', '/var/tmp', '/root', '/home', '/opt', '/srv', '/usr', '/workspace'];
  const personal = folders.filter((folder) => !everywhere.includes(folder)).map((folder) => `${folder}/`);
  return files.flatMap(({ path, text }) => {
    const found =
      personal.find((folder) => text.includes(folder)) ?? /(?<![\w.-])\/(?:home|Users)\/\w+\//.exec(text)?.[0];
    return found === undefined ? [] : [`${path}: ${found} is a folder of one machine`];
  });
};
