import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStage, program, type Stage } from '#harness/cli/command';
import { hasProgram, openShell, type Shell } from '#harness/cli/shell';

/** Completion where it is used: in real shells, with the names of a running server. */
let stage: Stage;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  stage = await openStage();
  const programs = join(stage.directory, 'programs');
  mkdirSync(programs);
  for (const name of ['ultracloud', 'uc']) symlinkSync(program, join(programs, name));
  const home = join(stage.directory, 'home');
  mkdirSync(home);
  environment = {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    XDG_CONFIG_HOME: home,
    ULTRACLOUD_DATA: stage.data,
  };
  for (const [key, value] of [
    ['config/color', 'value-blue'],
    ['config/size', 'value-large'],
    ['odd/a name; $HOME', 'value-odd'],
  ] as const) {
    await stage.run(['kv', 'put', key, value]);
  }
  await stage.run(['namespace', 'create', 'application']);
  await stage.run(['context', 'set', 'laboratory', '--data', stage.data], {
    environment: { HOME: home, XDG_CONFIG_HOME: home },
  });
}, 120_000);

afterAll(async () => stage?.close(), 60_000);

jest.setTimeout(180_000);

/** Completion gives up on a server that is slow, as a busy machine makes it; a person then presses the key again. */
const ATTEMPTS = 5;

const again = async <A>(attempt: () => A | Promise<A>, good: (found: A) => boolean): Promise<A> => {
  let found = await attempt();
  for (let tried = 1; tried < ATTEMPTS && !good(found); tried++) found = await attempt();
  return found;
};

/** What is typed with tabs, and what comes of running the line that they complete. */
const completed = [
  ['a verb', 'ultracloud log he\t -o name', /^\d+\r?$/m],
  ['a live key', 'ultracloud kv get config/co\t', /value-blue/],
  ['a live key, through the short name', 'uc kv get config/si\t', /value-large/],
  ['a key that must be quoted', 'ultracloud kv get odd/\t', /value-odd/],
  ['the value of a flag', 'ultracloud kv list --prefix config/ --outp\t nam\t', /^key\/config\/color\r?$/m],
  ['a reference', 'ultracloud why key/config/co\t', /key\/config\/color exists, in version 1/],
  ['a live namespace', 'ultracloud namespace get appl\t -o name', /^namespace\/application\r?$/m],
  ['a context', 'ultracloud context use labo\t', /Using laboratory\./],
] as const;

const shells = [
  {
    name: 'bash',
    command: 'bash --norc --noprofile -i',
    setUp: ['bind "set bell-style none"', 'source <(ultracloud completion bash)'],
  },
  {
    name: 'zsh',
    command: 'zsh -f -i',
    setUp: [
      'unsetopt zle_bracketed_paste beep; autoload -Uz compinit && compinit -u',
      'source <(ultracloud completion zsh)',
    ],
  },
] as const;

describe.each(shells)('$name', ({ name, command, setUp }) => {
  const installed = hasProgram(name);
  let shell: Shell;

  beforeAll(async () => {
    if (!installed) return;
    shell = await openShell(command, environment);
    for (const line of setUp) await shell.line(line);
  }, 120_000);

  afterAll(async () => shell?.close(), 30_000);

  (installed ? test : test.skip).each(completed)(`completes %s (needs ${name})`, async (_what, typed, expected) => {
    expect(
      await again(
        () => shell.line(typed),
        (shown) => expected.test(shown),
      ),
    ).toMatch(expected);
  });

  (installed ? test : test.skip)(`offers what there is to choose from (needs ${name})`, async () => {
    await shell.offers('ultracloud backup \t\t', /create[\s\S]*restore|restore[\s\S]*create/);
    await shell.offers('ultracloud kv get config/\t\t', /config\/color\s[\s\S]*config\/size|color\s+.*size/);
  });
});

const installed = hasProgram('fish');

(installed ? describe : describe.skip)('fish (needs fish)', () => {
  /** What fish itself would offer for a line. */
  const offered = (line: string): readonly string[] => {
    const script = 'ultracloud completion fish | source; complete -C $argv[1]';
    const { stdout } = spawnSync('fish', ['--no-config', '-c', script, line], { env: environment, encoding: 'utf8' });
    return stdout
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0] ?? '');
  };

  test.each([
    ['verbs', 'ultracloud backup ', ['create', 'list', 'restore']],
    ['live keys', 'uc kv get config/', ['config/color', 'config/size']],
    ['a key that must be quoted', 'uc kv get odd/', ['odd/a name; $HOME']],
    ['the values of a flag', 'ultracloud kv list --output ', ['json', 'name', 'table', 'wide', 'yaml']],
    ['references', 'ultracloud why key/config/', ['key/config/color', 'key/config/size']],
    ['live namespaces', 'ultracloud namespace get ', ['application']],
    ['contexts', 'ultracloud context use ', ['laboratory']],
  ])('offers %s', async (_what, line, expected) => {
    const found = await again(
      () => offered(line),
      ({ length }) => length === expected.length,
    );
    expect([...found].sort()).toEqual(expected);
  });

  test('offers the flags of a verb with what they mean, and files where a file is asked for', () => {
    expect(offered('ultracloud kv put a b --ex')).toEqual(['--expect']);
    const file = join(stage.directory, 'changes.yaml');
    writeFileSync(file, '');
    expect(offered(`ultracloud apply -f ${stage.directory}/chan`)).toEqual([file]);
  });
});
