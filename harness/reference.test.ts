import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '#gateways/catalog';
import { referencePages } from '#harness/reference/pages';

const root = join(__dirname, '..');
const directory = join(root, 'docs', 'reference');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pages = referencePages(catalog, version);

test.each([...pages.keys()])(
  'docs/reference/%s says what the contract says (npm run reference writes it anew)',
  (name) => {
    expect(readFileSync(join(directory, name), 'utf8')).toBe(pages.get(name));
  },
);

test('docs/reference has no other files (npm run reference removes them)', () => {
  expect(readdirSync(directory).sort()).toEqual([...pages.keys()].sort());
});

describe('the OpenAPI document', () => {
  const document = JSON.parse(pages.get('openapi.json') ?? '');

  test('is the same whenever it is made', () => {
    expect(referencePages(catalog, version)).toEqual(pages);
  });

  test('names every operation once', () => {
    const operations: string[] = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap(
      (path) => Object.values(path).map(({ operationId }) => operationId),
    );
    expect(operations.filter((id, at) => operations.indexOf(id) !== at)).toEqual([]);
  });

  test('refers to nothing that it does not hold', () => {
    const references = [...(pages.get('openapi.json') ?? '').matchAll(/"\$ref": "#\/([^"]+)"/g)].map(
      ([, path]) => path,
    );
    const found = (path: string | undefined): unknown =>
      path
        ?.split('/')
        .reduce<unknown>((at, part) => (at as Readonly<Record<string, unknown>> | undefined)?.[part], document);
    const missing = references.filter((path) => found(path) === undefined);
    expect([...new Set(missing)]).toEqual([]);
    expect(references.length).toBeGreaterThan(20);
  });

  test('declares each part of a path', () => {
    const undeclared = Object.entries<Record<string, { parameters: { in?: string; name?: string }[] }>>(
      document.paths,
    ).flatMap(([path, methods]) =>
      [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) =>
        Object.values(methods)
          .filter(
            ({ parameters }) => !parameters.some((parameter) => parameter.in === 'path' && parameter.name === name),
          )
          .map(() => `${path} ${name}`),
      ),
    );
    expect(undeclared).toEqual([]);
  });
});
