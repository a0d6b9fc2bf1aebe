import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { MemberListResponse } from '#gateways/etcd/messages/maintenance';
import { anything, permit, unary, type Service } from '#gateways/etcd/grpc-service';

const unsupported = ['MemberAdd', 'MemberRemove', 'MemberUpdate', 'MemberPromote'] as const;

/** `etcdserverpb.Cluster`: one member, this node. */
export const clusterHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const path = (method: string): string => `/etcdserverpb.Cluster/${method}`;
  // Without a token, as in etcd: `etcdctl --cluster` asks for the members before it logs in.
  const list: GrpcHandler = {
    kind: 'unary',
    handle: () =>
      MemberListResponse.encode({
        header: service.header(service.node.engine.head.position),
        members: [{ id: service.memberId, name: 'ultracloud', peerUrls: [service.url()], clientUrls: [service.url()] }],
      }),
  };
  const refused = unary(service, anything, (_request, caller) => {
    permit(service, caller, 'node.read');
    throw grpcError(GrpcCode.unimplemented, 'etcdserver: members are not managed through the etcd API');
  });
  return [[path('MemberList'), list], ...unsupported.map((method) => [path(method), refused] as const)];
};
