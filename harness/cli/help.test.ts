import { Readable } from 'node:stream';
import { catalog } from '#gateways/catalog';
import { run } from '#gateways/cli/run';
import type { Terminal } from '#gateways/cli/terminal';
import type { Verb } from '#gateways/cli/verb';
import { verbsOf } from '#gateways/cli/verbs';

/** The command in this process, as far as it needs no server. */
const typed = async (words: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
  let stdout = '';
  let stderr = '';
  const screen = (write: (chunk: string | Uint8Array) => void) => ({
    write,
    isTTY: false,
    columns: undefined,
    rows: undefined,
  });
  const terminal: Terminal = {
    words,
    environment: {},
    home: '/nonexistent',
    stdin: Readable.from([]),
    stdout: screen((chunk) => (stdout += String(chunk))),
    stderr: screen((chunk) => (stderr += String(chunk))),
    interrupted: () => new AbortController().signal,
  };
  const unneeded = () => Promise.reject(new Error('no other program is needed'));
  const exitCode = await run(verbs, { terminal, server: unneeded, host: unneeded });
  return { exitCode, stdout, stderr };
};

const verbs = verbsOf(catalog);
const shown = verbs.filter(({ hidden = false }) => !hidden);
const named = (verb: Verb): string => verb.words.join(' ');
const plain = (text: string): string => text.replace(/\s+/g, ' ');

describe('the verbs', () => {
  test('are those that operators are promised', () => {
    const promised =
      'serve|status|doctor|top|bench|debug bundle|log head|log show|log follow|log verify|log snapshot|log truncate|' +
      'backup create|backup restore|backup list|whatif|apply|timeline|why|events|kv put|kv get|kv delete|kv list|' +
      'kv watch|kv txn|lease grant|lease revoke|lease list|lease keep-alive|lock|elect|doc put|doc get|doc delete|' +
      'doc list|namespace create|namespace list|completion|context set|context use|context list|raw|level raise|' +
      'history compact';
    expect(shown.map(named)).toEqual(expect.arrayContaining(promised.split('|')));
  });

  test('have words of their own', () => {
    expect(new Set(verbs.map(named)).size).toBe(verbs.length);
  });

  test.each(shown.map((verb) => [named(verb), verb] as const))('%s explains itself', async (_name, verb) => {
    const { exitCode, stdout, stderr } = await typed([...verb.words, '--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const page = plain(stdout);
    expect(page).toContain(`Usage: ultracloud ${named(verb)} `);
    expect(page).toContain(plain(verb.summary));
    expect(verb.summary).toMatch(/^[A-Z].*\.$/);
    for (const argument of verb.arguments) {
      expect(page).toContain(argument.name);
      expect(plain(argument.summary)).not.toBe('');
      expect(page).toContain(plain(argument.summary));
    }
    for (const { name, summary, hidden = false } of verb.flags) {
      expect(plain(summary)).not.toBe('');
      if (!hidden) expect(page).toContain(`--${name}`);
    }
    expect(page).toContain('--output <format>');
    expect(verb.examples.length).toBeGreaterThan(0);
    for (const { title, line } of verb.examples) {
      expect(page).toContain(plain(title));
      expect(page).toContain(plain(line));
      expect(line).toContain(`ultracloud ${named(verb)}`);
    }
  });

  test('are all listed by the page of the program, below what they are about', async () => {
    const { exitCode, stdout } = await typed(['--help']);
    expect(exitCode).toBe(0);
    for (const heading of ['Data:', 'What happened, and what would:', 'A node:', 'This program:']) {
      expect(stdout).toContain(`\n${heading}\n`);
    }
    for (const word of new Set(shown.map(({ words }) => words[0] ?? ''))) {
      expect(stdout).toMatch(new RegExp(`^  ${word}\\b`, 'm'));
    }
    expect(stdout).not.toMatch(/historys|\bundefined\b/i);
  });

  test('without words, help goes to standard error', async () => {
    expect(await typed([])).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('Usage:') });
    expect(await typed(['kv'])).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('Usage:') });
  });

  test.each([
    ['a verb', ['statsu'], 'Did you mean status?'],
    ['a verb of a group', ['kv', 'lst'], 'Did you mean list?'],
    ['a flag', ['kv', 'list', '--prefx', 'a'], 'Did you mean --prefix?'],
    ['a noun', ['why', 'kye/a', '--endpoint', 'localhost:1'], 'Did you mean key?'],
    ['a shell', ['completion', 'bsh'], 'Did you mean bash?'],
  ])('a misspelt name of %s is answered with the one that was meant', async (_what, words, meant) => {
    const { exitCode, stdout, stderr } = await typed(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(meant);
  });

  test.each([
    [['kv', 'put'], "Missing required argument 'key'."],
    [['kv', 'put', 'a'], '<value>: expected'],
    [['kv', 'txn'], 'expected what to do, got nothing'],
    [['kv', 'put', 'a', '--value'], 'argument missing'],
    [['kv', 'list', '--endpoint', 'localhost:1', '--limit', '-1'], '--limit: expected a whole number from 0, got "-1"'],
    [['kv', 'put', 'a', 'b', 'c'], 'Too many arguments'],
    [['kv', 'list', '-o', 'xml'], '--output: expected table, wide, json, yaml, name, got "xml"'],
    [['kv', 'put', 'a', 'b', '--at', '3', '--endpoint', 'localhost:1'], 'Add --dry-run'],
    [['lease', 'grant', 'x', '60'], '<lease>: expected lease id'],
    [['lease', 'grant', '7', '0'], '<ttl-seconds>: expected'],
    [['level', 'raise', 'cluster', 'x'], '<level>: expected'],
    [['log', 'show', 'x'], 'POSITION: expected a number, got "x"'],
    [['log', 'truncate', 'x'], 'BEFORE: expected a position, got "x"'],
    [['raw', 'FETCH', '/v1'], 'METHOD: expected one of GET, POST'],
    [['raw', 'GET', 'v1'], 'PATH: expected a path that starts with a slash'],
    [['apply'], '--file: expected a file of commands, got nothing'],
    [['apply', '-f', '/nonexistent/file'], '/nonexistent/file: no such file or directory'],
    [['context', 'set', 'a b', '--data', 'x'], 'NAME: expected letters'],
    [['status', '--timeout', 'soon'], '--timeout: expected a time such as 30s, 5m or 1500ms, got "soon"'],
    [['status'], 'No endpoint is known.'],
    [['status', '--endpoint', 'ftp://x'], '--endpoint: expected an http or https endpoint'],
    [['serve'], '--data: expected the data directory, got nothing'],
    [['backup', 'restore', 'x'], '--data: expected the directory to restore into, got nothing'],
  ])('%j is refused, saying what was expected', async (words, expected) => {
    const { exitCode, stdout, stderr } = await typed(words);
    expect(stderr).toContain(expected);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});
