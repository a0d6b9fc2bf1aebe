import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { allKeys, keyQuotaKind } from '#aggregates/chainfire/key-quota';
import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { revisionOf } from '#gateways/etcd/kv/range';
import {
  AlarmAction,
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  DefragmentResponse,
  HashKvRequest,
  HashKvResponse,
  HashResponse,
  HealthResponse,
  serving,
  StatusResponse,
} from '#gateways/etcd/messages/maintenance';
import { hashOfKeys } from '#gateways/etcd/maintenance/key-hash';
import { refusal } from '#gateways/etcd/refusal';
import { anything, permit, raftTerm, unary, type Service } from '#gateways/etcd/grpc-service';

/** The release of etcd whose API this is, with our own behind it, as semantic versions are read. */
const apiVersion = '3.4.23';

/** What operators make beside the data: not part of its size. */
const besideData = ['backups', 'snapshots'];

/** `etcdserverpb.Maintenance`, and the health that grpc's own probes ask for. */
export const maintenanceHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const { node, memberId } = service;
  const { engine } = node;
  const path = (method: string): string => `/etcdserverpb.Maintenance/${method}`;
  const header = (): Buffer => service.header(engine.head.position);
  const full = (): boolean =>
    engine.refusing !== undefined || engine.facts.get(keyQuotaKind, allKeys)?.state.exceeded === true;

  const alarm = unary(service, AlarmRequest, ({ action }, caller) => {
    permit(service, caller, 'alarm.read');
    if (action === AlarmAction.activate)
      throw grpcError(GrpcCode.unimplemented, 'etcdserver: alarms are not raised by hand');
    // Ending an alarm by hand changes nothing: it ends by itself when there is space, or the quota is kept, again.
    const alarms = full() ? [{ memberId, alarm: AlarmType.noSpace }] : [];
    return AlarmResponse.encode({ header: header(), alarms });
  });
  const status = unary(service, anything, async (_request, caller) => {
    permit(service, caller, 'node.read');
    const dbSize = await bytesBelow(node.directory);
    const { position } = engine.head;
    return StatusResponse.encode({
      header: header(),
      version: `${apiVersion}+ultracloud.${node.version}`,
      dbSize,
      dbSizeInUse: dbSize,
      leader: memberId,
      raftIndex: position,
      raftAppliedIndex: position,
      raftTerm,
      errors: full() ? ['NOSPACE'] : [],
    });
  });
  const defragment = unary(service, anything, async (_request, caller) => {
    permit(service, caller, 'log.truncate');
    await engine.flush();
    return DefragmentResponse.encode({ header: header() });
  });
  const hash = unary(service, anything, (_request, caller) => {
    permit(service, caller, 'node.read');
    return HashResponse.encode({ header: header(), hash: engine.head.hash.readUInt32BE(0) });
  });
  const hashKv = unary(service, HashKvRequest, async ({ revision }, caller) => {
    permit(service, caller, 'key.read', { noun: 'key', from: '' });
    const position = revisionOf(node, revision);
    const compactRevision = node.oldestPosition('key');
    return HashKvResponse.encode({
      header: service.header(position),
      hash: await hashOfKeys(node, position),
      // etcd says -1 before the first compaction.
      compactRevision: compactRevision === 0 ? -1 : compactRevision,
    });
  });
  const snapshot = unary(service, anything, (_request, caller) => {
    permit(service, caller, 'backup.create');
    throw grpcError(
      GrpcCode.unimplemented,
      'etcdserver: snapshots have no etcd file format here; use "ultracloud backup create"',
    );
  });
  const moveLeader = unary(service, anything, (_request, caller) => {
    permit(service, caller, 'node.read');
    throw refusal('badTransferee');
  });
  const downgrade = unary(service, anything, (_request, caller) => {
    permit(service, caller, 'node.read');
    throw grpcError(GrpcCode.unimplemented, 'etcdserver: there is no etcd version to go back to');
  });
  return [
    [path('Alarm'), alarm],
    [path('Status'), status],
    [path('Defragment'), defragment],
    [path('Hash'), hash],
    [path('HashKV'), hashKv],
    [path('Snapshot'), snapshot],
    [path('MoveLeader'), moveLeader],
    [path('Downgrade'), downgrade],
    // Health is asked for without a token.
    ['/grpc.health.v1.Health/Check', { kind: 'unary', handle: () => HealthResponse.encode({ status: serving }) }],
  ];
};

const bytesBelow = async (directory: string): Promise<number> => {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (besideData.includes(entry.name)) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(path);
    // Files of the log may go while this looks at them.
    else if (entry.isFile())
      bytes += await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return bytes;
};
