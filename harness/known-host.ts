import { hostKind } from '#aggregates/host';
import type { TestNode } from '#harness/node';
import { held, type Held } from '#harness/facts';

/** Has the administrator make hosts known to a node. */
export const makeHosts = async ({ engine }: Pick<TestNode, 'engine'>, ...names: readonly string[]): Promise<void> => {
  for (const id of names) {
    const by = { principal: 'admin', credential: 'admin.token', source: 'test', address: '' };
    const { result } = await engine.submit({ kind: 'host.create', id, body: {}, ...by });
    if (result.status !== 'accepted') throw new Error(JSON.stringify(result));
  }
};

/** A host that was made known and has not come yet. */
export const knownHost = (name: string): Held =>
  held({ kind: hostKind }, name, {
    ...{ phase: 'joining', schedulable: true, epoch: 0, changedMs: 0 },
    capacity: { cpuCount: 0, memoryBytes: 0, diskBytes: 0 },
    capabilities: { accelerators: [], diskFormats: [], features: [] },
  });
