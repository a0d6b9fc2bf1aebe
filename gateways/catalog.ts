import type { AnyAggregate } from '#aggregates/aggregate';
import type { Facts } from '#aggregates/facts';
import { detach } from '#aggregates/chainfire/detach';
import { key } from '#aggregates/chainfire/key';
import { lease } from '#aggregates/chainfire/lease';
import { keyQuota, keyQuotaKeeping } from '#aggregates/chainfire/key-quota';
import { sweep, sweeping } from '#aggregates/chainfire/sweep';
import { keyDeleteRange, keyTxn } from '#aggregates/chainfire/txn';
import { alarm, disarm } from '#aggregates/cluster/alarm';
import { batch } from '#aggregates/cluster/batch';
import { clock } from '#aggregates/cluster/clock';
import { historyOf } from '#aggregates/cluster/history';
import { level } from '#aggregates/cluster/level';
import { duty } from '#aggregates/cluster/duty';
import { charging } from '#aggregates/creditservice/charging';
import { hold } from '#aggregates/creditservice/hold';
import { opening } from '#aggregates/creditservice/opening';
import { priceList } from '#aggregates/creditservice/price-list';
import { quota } from '#aggregates/creditservice/quota';
import { usage } from '#aggregates/creditservice/usage';
import { usageRecord } from '#aggregates/creditservice/usage-record';
import { wallet } from '#aggregates/creditservice/wallet';
import { walletEntry } from '#aggregates/creditservice/wallet-entry';
import { fixedRoutes } from '#gateways/fixed-routes';
import { bookkeeping } from '#aggregates/flaredb/bookkeeping';
import { doc } from '#aggregates/flaredb/doc';
import { indexing } from '#aggregates/flaredb/indexing';
import { namespace } from '#aggregates/flaredb/namespace';
import { posting } from '#aggregates/flaredb/posting';
import { docLoad, docTxn } from '#aggregates/flaredb/txn';
import { namespaceUsage } from '#aggregates/flaredb/namespace-usage';
import { accessKeyOf } from '#aggregates/iam/access-key';
import { authenticatorOf } from '#aggregates/iam/authenticator';
import { bindingOf } from '#aggregates/iam/binding';
import { breakGlass } from '#aggregates/iam/break-glass';
import { clearing } from '#aggregates/iam/clearing';
import { groupOf } from '#aggregates/iam/group';
import { iamAccess } from '#aggregates/iam/iam-access';
import { identityProviderOf } from '#aggregates/iam/identity-provider';
import { loggingIn } from '#aggregates/iam/log-in';
import { login } from '#aggregates/iam/login';
import { organisation } from '#aggregates/iam/organisation';
import { policy, policyKeeping } from '#aggregates/iam/policy';
import { project } from '#aggregates/iam/project';
import { roleOf } from '#aggregates/iam/role';
import { authority } from '#aggregates/iam/authority';
import { certificate } from '#aggregates/iam/certificate';
import { renewal } from '#aggregates/iam/renewal';
import { secretKey } from '#aggregates/iam/secret-key';
import { serviceAccount } from '#aggregates/iam/service-account';
import { session, sessionKeeping } from '#aggregates/iam/session';
import { signingKey } from '#aggregates/iam/signing-key';
import { host } from '#aggregates/node-agent/host';
import { flavour } from '#aggregates/plasmavmc/flavour';
import { userOf } from '#aggregates/iam/user';
import type { Words } from '#aggregates/iam/words';
import { addressBlock, bridging } from '#aggregates/prismnet/address-block';
import { networkNumber } from '#aggregates/prismnet/network-number';
import { addressKeeping, port } from '#aggregates/prismnet/port';
import { securityGroup } from '#aggregates/prismnet/security-group';
import { subnet, subnetClearing } from '#aggregates/prismnet/subnet';
import { traceOf, type End, type Question, type Trace } from '#aggregates/prismnet/trace';
import { vpc, vpcKeeping } from '#aggregates/prismnet/vpc';
import type { Component } from '#log/component';
import { keyView } from '#projections/chainfire/key';
import { leaseView } from '#projections/chainfire/lease';
import { keyQuotaView } from '#projections/chainfire/key-quota';
import { sweepView } from '#projections/chainfire/sweep';
import { alarmView } from '#projections/cluster/alarm';
import { historyView } from '#projections/cluster/history';
import { levelView } from '#projections/cluster/level';
import { dutyView } from '#projections/cluster/duty';
import { holdView } from '#projections/creditservice/hold';
import { priceListView } from '#projections/creditservice/price-list';
import { quotaView } from '#projections/creditservice/quota';
import { usageView } from '#projections/creditservice/usage';
import { walletView } from '#projections/creditservice/wallet';
import { walletEntryView } from '#projections/creditservice/wallet-entry';
import { docView } from '#projections/flaredb/doc';
import { namespaceView } from '#projections/flaredb/namespace';
import { accessKeyView } from '#projections/iam/access-key';
import { authenticatorView } from '#projections/iam/authenticator';
import { bindingView } from '#projections/iam/binding';
import { breakGlassView } from '#projections/iam/break-glass';
import { groupView } from '#projections/iam/group';
import { identityProviderView } from '#projections/iam/identity-provider';
import { loginView } from '#projections/iam/login';
import { organisationView } from '#projections/iam/organisation';
import { projectView } from '#projections/iam/project';
import { roleView } from '#projections/iam/role';
import { authorityView } from '#projections/iam/authority';
import { certificateView } from '#projections/iam/certificate';
import { secretKeyView } from '#projections/iam/secret-key';
import { serviceAccountView } from '#projections/iam/service-account';
import { sessionView } from '#projections/iam/session';
import { signingKeyView } from '#projections/iam/signing-key';
import { hostView } from '#projections/node-agent/host';
import { flavourView } from '#projections/plasmavmc/flavour';
import { userView } from '#projections/iam/user';
import { portView } from '#projections/prismnet/port';
import { securityGroupView } from '#projections/prismnet/security-group';
import { subnetView } from '#projections/prismnet/subnet';
import { vpcView } from '#projections/prismnet/vpc';

const nouns = (): readonly string[] => catalog.flatMap(({ aggregates }) => aggregates.map(({ kind }) => kind.noun));

let byNoun: ReadonlyMap<string, AnyAggregate> | undefined;

/** Of the catalogue, which is not whole before its components are made. */
const aggregateOf = (noun: string): AnyAggregate | undefined =>
  (byNoun ??= new Map(
    catalog.flatMap(({ aggregates }) => aggregates.map((aggregate) => [aggregate.kind.noun, aggregate] as const)),
  )).get(noun);

let permissions: readonly string[] | undefined;

/** Every permission that something asks for, in order. */
export const everyPermission = (): readonly string[] =>
  (permissions ??= [
    ...new Set([
      ...catalog.flatMap(({ aggregates, procedures, views }) => [
        ...[...aggregates.flatMap(({ commands }) => commands), ...procedures.map(({ command }) => command)].flatMap(
          ({ permission, internal }) => (permission === undefined || internal ? [] : [permission]),
        ),
        ...views.map(({ spec }) => spec.permission),
      ]),
      ...fixedRoutes.flatMap(({ permission }) => (permission === undefined ? [] : [permission])),
    ]),
  ].sort());

const words: Words = {
  permissions: everyPermission,
  bytesIds: (noun) => {
    const aggregate = aggregateOf(noun);
    if (aggregate === undefined) return undefined;
    return aggregate.commands.some(({ id }) => id?.shape.kind === 'bytes');
  },
  isOwned: (noun) => aggregateOf(noun)?.owners !== undefined,
  ownersOf: (noun, ...asked) => aggregateOf(noun)?.owners?.(...asked) ?? [],
};

export type NetworkEnd = End;

/** Whether a network lets something through; undefined when there is no such port. */
export const networkTrace = (facts: Facts, asked: Question): Trace | undefined => traceOf(facts, asked);

/** Every component. Gateways, reference pages, laws and generators derive from this list. */
export const catalog: readonly Component[] = [
  {
    name: 'cluster',
    summary: 'The log itself: its clock, duties, feature level, alarms and how much of the past is kept.',
    aggregates: [duty, level, historyOf(nouns), alarm],
    procedures: [clock, batch, disarm],
    reactions: [],
    views: [historyView, alarmView, levelView, dutyView],
  },
  {
    name: 'chainfire',
    summary:
      'Coordination: keys with revisions, leases, transactions, watches, locks and elections, sweeps and quotas.',
    aggregates: [key, lease, sweep, keyQuota],
    procedures: [keyTxn, keyDeleteRange],
    reactions: [...detach, ...sweeping, ...keyQuotaKeeping],
    views: [keyView, leaseView, sweepView, keyQuotaView],
  },
  {
    name: 'flaredb',
    summary: 'Documents and raw values in namespaces, with limits, indexes and time to live.',
    aggregates: [namespace, doc, namespaceUsage, posting, indexing],
    procedures: [docTxn, docLoad],
    reactions: bookkeeping,
    views: [namespaceView, docView],
  },
  {
    name: 'iam',
    summary: 'Identity: organisations, projects, people and programs, and who may do what.',
    aggregates: [
      organisation,
      project,
      userOf(words),
      groupOf(words),
      serviceAccount,
      roleOf(words),
      bindingOf(words),
      policy,
      breakGlass,
      secretKey,
      authority,
      certificate,
      session,
      accessKeyOf(words),
      signingKey,
      authenticatorOf(words),
      login,
      identityProviderOf(words),
    ],
    procedures: [renewal],
    reactions: [...clearing, ...sessionKeeping, ...loggingIn, ...policyKeeping],
    views: [
      organisationView,
      projectView,
      userView,
      groupView,
      serviceAccountView,
      roleView,
      bindingView,
      breakGlassView,
      secretKeyView,
      authorityView,
      certificateView,
      sessionView,
      accessKeyView,
      signingKeyView,
      authenticatorView,
      loginView,
      identityProviderView,
    ],
    access: iamAccess(words),
  },
  {
    name: 'node-agent',
    summary: 'The machines of the cluster: who is in, what each has, and whether it is heard of.',
    aggregates: [host],
    procedures: [],
    reactions: [],
    views: [hostView],
  },
  {
    name: 'creditservice',
    summary: 'What projects may have, what it costs, and what they have for it: quotas, prices, wallets and bills.',
    aggregates: [quota, wallet, walletEntry, priceList, hold, usage, usageRecord],
    procedures: [],
    reactions: [...opening, ...charging],
    views: [quotaView, walletView, walletEntryView, priceListView, holdView, usageView],
  },
  {
    name: 'prismnet',
    summary: 'Networks of projects: VPCs, subnets, ports with their addresses, and security groups.',
    aggregates: [vpc, subnet, port, securityGroup, addressBlock, networkNumber],
    procedures: [],
    reactions: [...vpcKeeping, ...subnetClearing, ...addressKeeping, ...bridging],
    views: [vpcView, subnetView, portView, securityGroupView],
  },
  {
    name: 'plasmavmc',
    summary: 'Virtual machines: the sizes that they can have.',
    aggregates: [flavour],
    procedures: [],
    reactions: [],
    views: [flavourView],
  },
];
