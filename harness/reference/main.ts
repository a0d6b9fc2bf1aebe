import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '#gateways/catalog';
import { referencePages } from '#harness/reference/pages';

/** Writes docs/reference anew, in the directory where it is started: the root of the project. */
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
const directory = join('docs', 'reference');
const pages = referencePages(catalog, version);
mkdirSync(directory, { recursive: true });
for (const name of readdirSync(directory)) if (!pages.has(name)) rmSync(join(directory, name));
for (const [name, text] of pages) writeFileSync(join(directory, name), text);
console.log(`docs/reference: ${pages.size} files`);
