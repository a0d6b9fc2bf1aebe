import { detach } from '#aggregates/chainfire/detach';
import { key } from '#aggregates/chainfire/key';
import { lease } from '#aggregates/chainfire/lease';
import { quota, quotaKeeping } from '#aggregates/chainfire/quota';
import { sweep, sweeping } from '#aggregates/chainfire/sweep';
import { keyDeleteRange, keyTxn } from '#aggregates/chainfire/txn';
import { alarm, disarm } from '#aggregates/cluster/alarm';
import { batch } from '#aggregates/cluster/batch';
import { clock } from '#aggregates/cluster/clock';
import { historyOf } from '#aggregates/cluster/history';
import { level } from '#aggregates/cluster/level';
import { duty } from '#aggregates/cluster/duty';
import { bookkeeping } from '#aggregates/flaredb/bookkeeping';
import { doc } from '#aggregates/flaredb/doc';
import { indexing } from '#aggregates/flaredb/indexing';
import { namespace } from '#aggregates/flaredb/namespace';
import { posting } from '#aggregates/flaredb/posting';
import { docLoad, docTxn } from '#aggregates/flaredb/txn';
import { usage } from '#aggregates/flaredb/usage';
import { secretKey } from '#aggregates/iam/secret-key';
import type { Component } from '#log/component';
import { keyView } from '#projections/chainfire/key';
import { leaseView } from '#projections/chainfire/lease';
import { quotaView } from '#projections/chainfire/quota';
import { sweepView } from '#projections/chainfire/sweep';
import { alarmView } from '#projections/cluster/alarm';
import { historyView } from '#projections/cluster/history';
import { levelView } from '#projections/cluster/level';
import { dutyView } from '#projections/cluster/duty';
import { docView } from '#projections/flaredb/doc';
import { namespaceView } from '#projections/flaredb/namespace';
import { secretKeyView } from '#projections/iam/secret-key';

const nouns = (): readonly string[] => catalog.flatMap(({ aggregates }) => aggregates.map(({ kind }) => kind.noun));

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
    aggregates: [key, lease, sweep, quota],
    procedures: [keyTxn, keyDeleteRange],
    reactions: [...detach, ...sweeping, ...quotaKeeping],
    views: [keyView, leaseView, sweepView, quotaView],
  },
  {
    name: 'flaredb',
    summary: 'Documents and raw values in namespaces, with limits, indexes and time to live.',
    aggregates: [namespace, doc, usage, posting, indexing],
    procedures: [docTxn, docLoad],
    reactions: bookkeeping,
    views: [namespaceView, docView],
  },
  {
    name: 'iam',
    summary: 'Identity: who may do what, and whose secrets are sealed with which keys.',
    aggregates: [secretKey],
    procedures: [],
    reactions: [],
    views: [secretKeyView],
  },
];
