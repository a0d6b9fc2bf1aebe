import type { AnyViewSpec } from '#commands/view';
import { catalog } from '#gateways/catalog';
import { openStage, type Stage } from '#harness/cli/command';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, 90_000);
afterAll(async () => stage?.close(), 60_000);

jest.setTimeout(60_000);

const views = catalog.flatMap((component) => component.views.map(({ spec }) => spec));
const shown = views.map(({ noun }) => noun);
const aggregates = catalog.flatMap((component) => component.aggregates);

test('a noun that no view shows is internal in every command', () => {
  const unseen = aggregates.filter(({ kind }) => !shown.includes(kind.noun));
  expect(unseen.flatMap(({ commands }) => commands.filter(({ internal }) => !internal))).toEqual([]);
});

const ids: Readonly<Record<string, string>> = { lease: '7', doc: 'a/b', 'key-quota': 'keys' };

const idOf = ({ noun, id: { shape } }: AnyViewSpec): string =>
  ids[noun] ?? (shape.kind === 'text' ? shape.example : undefined) ?? 'a';

test.each(['why', 'timeline'])('%s answers for every noun that is shown', async (verb) => {
  const answers = await Promise.all(views.map((spec) => stage.run([verb, `${spec.noun}/${idOf(spec)}`])));
  expect(answers.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(shown.map(() => [0, '']));
});

test('the duty of a process is told, in the past too', async () => {
  const why = await stage.run(['why', 'duty/liveness', '-o', 'json']);
  const { because, state } = JSON.parse(why.stdout) as {
    readonly because: { readonly position: number };
    readonly state: { readonly holder: string; readonly modPosition: number };
  };
  expect(state.modPosition).toBe(because.position);
  const past = await stage.run(['duty', 'get', 'liveness', '--at', String(because.position), '-o', 'json']);
  expect(JSON.parse(past.stdout)).toMatchObject({ id: 'liveness', holder: state.holder });
});

test.each(['namespace-usage', 'posting', 'indexing', 'batch', 'clock'])('%s is refused as internal', async (noun) => {
  expect(await stage.run(['why', `${noun}/a`])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(`REF: ${noun} is internal; expected one of history, `),
  });
});
