import type { Fact, Versioned } from '#aggregates/facts';
import type { Key } from '#aggregates/chainfire/key';
import type { KeyRow } from '#commands/chainfire/key';
import type { KeyValue } from '#gateways/etcd/messages/kv';
import { versionKey } from '#log/key';
import type { Rows } from '#log/rows';

const nothing = new Uint8Array(0);

export const keyValueOf = (fact: Fact<Key>, keysOnly = false): KeyValue => ({
  key: fact.id,
  createRevision: fact.createPosition,
  modRevision: fact.modPosition,
  version: fact.version,
  value: keysOnly ? nothing : fact.state.value,
  lease: fact.state.lease,
});

/** A row of a transaction's recorded reply. */
export const factOfRow = ({ key, value, lease, version, createPosition, modPosition }: KeyRow): Fact<Key> => ({
  id: key,
  state: lease === undefined ? { value } : { value, lease },
  version,
  createPosition,
  modPosition,
});

/** What a key held until the change at this position; undefined when it did not exist, or its past was compacted. */
export const previousOf = (rows: Rows, id: string, position: number): Fact<Key> | undefined => {
  const version = rows.get('version', versionKey('key', id, position)) as Versioned<Key> | undefined;
  return version === undefined ? undefined : { id, ...version };
};
