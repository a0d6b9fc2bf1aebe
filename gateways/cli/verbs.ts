import type { Component } from '#log/component';
import type { AnyCommandSpec } from '#commands/command';
import { everyPermission } from '#gateways/catalog';
import { commandVerbs } from '#gateways/cli/command-verbs';
import type { Group } from '#gateways/cli/program';
import type { Verb } from '#gateways/cli/verb';
import { backupVerbs } from '#gateways/cli/verbs/backup';
import { apply, whatif } from '#gateways/cli/verbs/batch';
import { bill } from '#gateways/cli/verbs/bill';
import { bench } from '#gateways/cli/verbs/bench';
import { certificateVerbs } from '#gateways/cli/verbs/certificate';
import { complete, completion } from '#gateways/cli/verbs/completion';
import { contextVerbs } from '#gateways/cli/verbs/context';
import { debugBundle } from '#gateways/cli/verbs/debug-bundle';
import { doctor } from '#gateways/cli/verbs/doctor';
import { events } from '#gateways/cli/verbs/events';
import { hostVerbs } from '#gateways/cli/verbs/host';
import { hostProbe } from '#gateways/cli/verbs/host-probe';
import { iamVerbs } from '#gateways/cli/verbs/iam';
import { keepAlive } from '#gateways/cli/verbs/keep-alive';
import { keyringVerbs } from '#gateways/cli/verbs/keyring';
import { load } from '#gateways/cli/verbs/load';
import { elect, lock } from '#gateways/cli/verbs/lock';
import { login } from '#gateways/cli/verbs/login';
import { logout } from '#gateways/cli/verbs/logout';
import { logVerbs } from '#gateways/cli/verbs/log';
import { type Noun, pastVerbs } from '#gateways/cli/verbs/past';
import { networkTrace } from '#gateways/cli/verbs/network';
import { raw } from '#gateways/cli/verbs/raw';
import { init } from '#gateways/cli/verbs/init';
import { serve } from '#gateways/cli/verbs/serve';
import { signInVerbs } from '#gateways/cli/verbs/sign-in';
import { status } from '#gateways/cli/verbs/status';
import { top } from '#gateways/cli/verbs/top';
import { version } from '#gateways/cli/verbs/version';
import { printValue } from '#gateways/cli/verbs/value';
import { whoami } from '#gateways/cli/verbs/whoami';
import { viewVerbs } from '#gateways/cli/view-verbs';

/** Every verb: those written by hand, then those that the catalogue gives. A verb by hand hides a derived one. */
export const verbsOf = (catalog: readonly Component[]): readonly Verb[] => {
  const commands = catalog.flatMap(({ aggregates, procedures }) => [
    ...aggregates.flatMap((aggregate) => aggregate.commands),
    ...procedures.map((procedure) => procedure.command),
  ]);
  const views = catalog.flatMap((component) => component.views.map(({ spec }) => spec));
  const nouns = views.map(({ noun, id }): Noun => ({ noun, id, word: wordOf(commands, noun) }));
  const unseen = commands.map(({ noun }) => noun).filter((noun) => !nouns.some((shown) => shown.noun === noun));
  const listings = views.map(({ noun, route, filters }) => ({
    noun,
    route,
    word: wordOf(commands, noun),
    prefixed: Object.hasOwn(filters, 'prefix'),
  }));
  const byHand: readonly Verb[] = [
    init,
    serve,
    status,
    top,
    doctor,
    version,
    ...pastVerbs(nouns, new Set(unseen)),
    events(nouns.map(({ noun }) => noun)),
    whatif,
    apply,
    bill,
    ...iamVerbs(everyPermission()),
    login,
    logout,
    whoami,
    ...signInVerbs,
    ...logVerbs,
    ...backupVerbs,
    ...certificateVerbs,
    ...hostVerbs,
    networkTrace,
    ...keyringVerbs,
    hostProbe,
    lock,
    elect,
    keepAlive,
    load,
    ...contextVerbs,
    raw,
    bench,
    debugBundle,
    completion,
    complete(() => verbs, listings),
  ];
  const derived = [
    ...commandVerbs(commands),
    ...views.flatMap((spec) => {
      const presentation = spec.noun === 'key' ? { one: printValue } : {};
      return viewVerbs(spec, wordOf(commands, spec.noun), presentation);
    }),
  ];
  const taken = new Set(byHand.map(({ words }) => words.join(' ')));
  const verbs = [...byHand, ...derived.filter(({ words }) => !taken.has(words.join(' ')))];
  return verbs;
};

/** The word that the verbs of a noun begin with: that of its commands, if they have one of their own. */
const wordOf = (commands: readonly AnyCommandSpec[], noun: string): string =>
  ownWords[noun] ??
  commands.find((spec) => spec.noun === noun && !spec.internal && spec.cli.words.length > 1)?.cli.words[0] ??
  noun;

/** `login` is what a person does; what waits for one is a device. */
const ownWords: Readonly<Record<string, string>> = { login: 'device' };

const summaries: Readonly<Record<string, string>> = {
  alarm: 'What an operator must look at.',
  backup: 'Backups: create, list, restore.',
  context: 'Saved endpoints, so that commands need not name them.',
  debug: 'What a maintainer needs.',
  device: 'Devices and programs that wait for somebody to log them in.',
  doc: 'Documents and raw values in namespaces.',
  'access-key': 'Keys that service accounts show.',
  authenticator: 'Passwords and one-time codes of users.',
  authority: 'The certificate authority of the cluster.',
  binding: 'Who has which role, and where.',
  certificate: 'Certificates of servers and hosts.',
  history: 'How much of the past is kept.',
  host: 'The machines of the cluster, and this one as one of them.',
  iam: 'Who may do what, and why not.',
  kv: 'Keys and values.',
  keyring: 'The keys that secrets are sealed with: status, rotation, copies.',
  lease: 'Leases: keys that end with whoever keeps them.',
  level: 'The feature level of the cluster.',
  log: 'The log: its newest entry, what was decided, verification.',
  namespace: 'Namespaces of documents, with limits and indexes.',
  network: 'What networks let through, and why not.',
  organisation: 'Organisations: projects and people under one owner.',
  project: 'Projects, to which belongs what tenants have.',
  port: 'Addresses in subnets, each for one machine at a time.',
  role: 'Sets of permissions with a name.',
  'security-group': 'What is let through to and from ports.',
  subnet: 'Ranges of addresses of VPCs.',
  vpc: 'Networks of projects.',
  bill: 'What a project used, and what it came to.',
  hold: 'Credits that are reserved.',
  'price-list': 'What an hour of what is charged costs.',
  usage: 'What is charged at present.',
  wallet: 'Credits of projects.',
  'wallet-entry': 'What was added to wallets and taken back.',
  'key-quota': 'What all keys may take together.',
  quota: 'What projects may have, and what is left of it.',
  'secret-key': 'Whose secrets are sealed with which keys, and forgetting them.',
  duty: 'Who does the work that one process does for all.',
  'service-account': 'Who programs are.',
  session: 'Who is logged in.',
  'signing-key': 'The keys that tokens are signed with.',
  sweep: 'Deletions of many keys, part by part.',
};

const headings: readonly (readonly [heading: string, words: readonly string[]])[] = [
  ['Data:', ['kv', 'lease', 'lock', 'elect', 'sweep', 'key-quota', 'namespace', 'doc']],
  ['Networks:', ['vpc', 'subnet', 'port', 'security-group', 'network']],
  ['What happened, and what would:', ['timeline', 'why', 'events', 'whatif', 'apply', 'history']],
  [
    'Who may do what:',
    [
      'iam',
      'organisation',
      'project',
      'quota',
      'user',
      'group',
      'service-account',
      'access-key',
      'role',
      'binding',
      'session',
      'authenticator',
      'identity-provider',
      'device',
    ],
  ],
  ['What it costs:', ['bill', 'wallet', 'wallet-entry', 'price-list', 'usage', 'hold']],
  [
    'A node:',
    [
      'init',
      'serve',
      'status',
      'doctor',
      'alarm',
      'top',
      'log',
      'backup',
      'keyring',
      'secret-key',
      'signing-key',
      'authority',
      'certificate',
      'host',
      'level',
      'duty',
      'bench',
      'debug',
    ],
  ],
  ['This program:', ['login', 'logout', 'whoami', 'context', 'completion', 'raw', 'version']],
];

/** First words of verbs, in the order in which help lists them. A noun without a place of its own is data. */
export const groupsOf = (verbs: readonly Verb[]): readonly Group[] => {
  const words = [...new Set(verbs.map((verb) => verb.words[0] ?? ''))];
  const headingOf = (word: string): string =>
    headings.find(([, below]) => below.includes(word))?.[0] ?? headings[0]?.[0] ?? '';
  const order = headings.flatMap(([, below]) => below);
  const placeOf = (word: string): number => (order.includes(word) ? order.indexOf(word) : order.length);
  const sorted = words.sort((a, b) => placeOf(a) - placeOf(b));
  return sorted.map((word) => ({
    word,
    heading: headingOf(word),
    summary: summaries[word] ?? `${word.charAt(0).toUpperCase()}${word.slice(1)}s.`,
    ...(word === 'kv' ? { alias: 'key' } : {}),
  }));
};
