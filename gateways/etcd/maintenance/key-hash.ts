import { createHash } from 'node:crypto';
import type { Node } from '#gateways/node';
import { pages } from '#gateways/etcd/kv/range';
import { KeyValue } from '#gateways/etcd/messages/kv';
import { keyValueOf } from '#gateways/etcd/kv/key-value';

/** 32 bits over all keys of a position: equal on every replica, and after a restore. */
export const hashOfKeys = async (node: Node, position: number): Promise<number> => {
  const hash = createHash('sha256');
  for await (const page of pages(node, { from: '' }, position)) {
    for (const fact of page) hash.update(KeyValue.encode(keyValueOf(fact)));
  }
  return hash.digest().readUInt32BE(0);
};
