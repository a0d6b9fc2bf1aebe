import { expectation } from '#commands/codec/expectation';
import { describe } from '#commands/codec/describe';
import { object } from '#commands/codec/object';
import type { AnyCommandSpec } from '#commands/command';
import { categories, type Category, type RejectionSpec } from '#commands/rejection';
import type { AnyView } from '#projections/view';
import type { Component } from '#log/component';
import { kernelRejections, vocabularyOf } from '#log/vocabulary';
import { gatewayRefusals } from '#gateways/gateway-refusals';
import { commandsOf, openApi } from '#gateways/openapi';
import { cliReference } from '#gateways/cli/reference';
import { verbsOf } from '#gateways/cli/verbs';

/** Everything under docs/reference, by file name. Equal components give equal texts. */
export const referencePages = (components: readonly Component[], version: string): ReadonlyMap<string, string> =>
  new Map([
    ['openapi.json', `${JSON.stringify(openApi(components, version), null, 2)}\n`],
    ...components.map((component) => [`${component.name}.md`, componentPage(component)] as const),
    ['command-line.md', `${cliReference(verbsOf(components)).trimEnd()}\n`],
    ['rejections.md', rejectionsPage(components)],
  ]);

const derived = 'Derived from the contract; `npm run reference` writes it anew.';

const componentPage = (component: Component): string => {
  const commands = commandsOf(component);
  return sections(
    `# ${component.name}`,
    component.summary,
    derived,
    ...(component.aggregates.length === 0 ? [] : ['## Objects', objects(component)]),
    ...(commands.length === 0 ? [] : ['## Commands', ...commands.map(commandSection)]),
    ...(component.views.length === 0 ? [] : ['## Views', ...component.views.map(viewSection)]),
    '## Events',
    ...component.aggregates.flatMap(({ events }) =>
      Object.entries(events).map(([kind, body]) => sections(`### ${kind}`, describe(body).trimEnd())),
    ),
    '## Rejections',
    rejectionTable(rejectionsOf(component)),
  );
};

const objects = ({ aggregates }: Component): string =>
  table(
    ['noun', 'is'],
    aggregates.map(({ kind, summary }) => [`\`${kind.noun}\``, summary]),
  );

const permissionOf = ({ permission, ofCluster }: AnyCommandSpec): string => {
  if (permission === undefined) return 'those of what it does';
  return `\`${permission}\`${ofCluster ? ', granted for the whole cluster' : ''}`;
};

const commandSection = (spec: AnyCommandSpec): string =>
  sections(
    `### ${spec.kind}`,
    spec.summary,
    [
      `- HTTP: \`POST ${spec.route}\``,
      `- CLI: \`ultracloud ${cliOf(spec)}\``,
      `- Permission: ${permissionOf(spec)}`,
      ...(spec.id === undefined ? [] : [`- Id: ${expectation(spec.id.shape)}`]),
    ].join('\n'),
    describe(spec.body).trimEnd(),
    ...(spec.reply === undefined ? [] : ['Answers, beside position and events:', describe(spec.reply).trimEnd()]),
    ...spec.examples.map(({ title, id, body }) =>
      sections(
        id === undefined ? title : `${title.replace(/\.$/, '')}, with the id \`${id}\`:`,
        `\`\`\`json\n${JSON.stringify(body, null, 2)}\n\`\`\``,
      ),
    ),
  );

const cliOf = ({ cli, id, noun }: AnyCommandSpec): string =>
  [...cli.words, ...(id === undefined ? [] : [`<${noun}>`]), ...cli.positional.map((name) => `<${name}>`)].join(' ');

const viewSection = ({ spec, rejections = {} }: AnyView): string =>
  sections(
    `### ${spec.noun}`,
    spec.summary,
    `- HTTP: \`GET ${spec.route}\` and \`GET ${spec.route}/{id}\`\n- Permission: \`${spec.permission}\``,
    ...(Object.keys(spec.filters).length === 0
      ? []
      : ['Filters of the list:', describe(object(spec.filters)).trimEnd()]),
    'Each row:',
    describe(spec.row).trimEnd(),
    ...(Object.keys(rejections).length === 0 ? [] : ['Refused with:', rejectionTable(Object.entries(rejections))]),
  );

type Coded = readonly [code: string, spec: RejectionSpec];

const rejectionsOf = ({ aggregates, procedures, views }: Component): readonly Coded[] => [
  ...new Map(
    [...aggregates, ...procedures, ...views].flatMap(({ rejections }) => Object.entries(rejections ?? {})),
  ).entries(),
];

const rejectionTable = (rejections: readonly Coded[]): string =>
  rejections.length === 0
    ? 'None of its own.'
    : table(
        ['code', 'category', 'meaning', 'what to do'],
        [...rejections]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([code, { category, summary, fix }]) => [`\`${code}\``, category, summary, fix]),
      );

const rejectionsPage = (components: readonly Component[]): string => {
  const all = new Map<string, RejectionSpec>(Object.entries(kernelRejections));
  for (const [code, spec] of vocabularyOf(components).rejections) all.set(code, spec);
  for (const component of components) for (const [code, spec] of rejectionsOf(component)) all.set(code, spec);
  return sections(
    '# Rejections',
    'A rejection is an outcome like any other: it is recorded at a position, and `ultracloud why` tells it again. ' +
      'Its ' +
      'category says what to do next, and is all that a status or an exit code can say.',
    derived,
    '## Categories',
    table(
      ['category', 'HTTP status', 'exit code', 'what to do'],
      (Object.keys(categories) as Category[]).map((name) => {
        const { status, exitCode, advice } = categories[name];
        return [name, String(status), String(exitCode), advice];
      }),
    ),
    '## Recorded rejections',
    rejectionTable([...all]),
    '## Refusals of the HTTP gateway',
    'These come before the log, so nothing is recorded; only after `outcome.unknown` and `gateway.defect` a command ' +
      'may ' +
      'have been.',
    table(
      ['code', 'HTTP status', 'category', 'meaning', 'what to do'],
      Object.entries(gatewayRefusals).map(([code, { status, category, message, fix }]) => [
        `\`${code}\``,
        String(status),
        category,
        message,
        fix,
      ]),
    ),
  );
};

const sections = (...parts: readonly string[]): string => `${parts.map((part) => part.trimEnd()).join('\n\n')}\n`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
