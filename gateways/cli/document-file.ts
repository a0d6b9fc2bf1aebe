import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { reasonOf, usage } from '#gateways/cli/failure';
import type { Terminal } from '#gateways/cli/terminal';

/** The bytes of a file, or of standard input for `-`. */
export const readSource = async (terminal: Terminal, file: string): Promise<Buffer> => {
  if (file === '-') return buffer(terminal.stdin);
  try {
    return readFileSync(file);
  } catch (error) {
    throw usage(`${file}: ${reasonOf(error)}.`);
  }
};

/** The documents of a file of JSON or YAML; YAML may hold several. */
export const readDocuments = async (terminal: Terminal, file: string): Promise<readonly unknown[]> => {
  const text = (await readSource(terminal, file)).toString('utf8');
  try {
    return [JSON.parse(text) as unknown];
  } catch {
    // Not JSON: YAML holds JSON with its mistakes, and tells them better.
  }
  const { parseAllDocuments } = await import('yaml');
  return [...parseAllDocuments(text)].map((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw usage(`${file}: expected JSON or YAML: ${problem.message.split('\n')[0] ?? ''}`);
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  });
};

/** The only document of a file. */
export const readDocument = async (terminal: Terminal, file: string): Promise<unknown> => {
  const [document, second] = await readDocuments(terminal, file);
  if (second === undefined && document !== undefined && document !== null) return document;
  throw usage(`${file}: expected one document, got ${second === undefined ? 'nothing' : 'several'}.`);
};
