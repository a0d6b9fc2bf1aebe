import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { AuthenticateRequest, AuthenticateResponse, AuthStatusResponse } from '#gateways/etcd/messages/auth';
import { addressOf } from '#gateways/etcd/auth/sessions';
import { refusal } from '#gateways/etcd/refusal';
import { anything, decoded, unary, type Service } from '#gateways/etcd/grpc-service';

const unsupported = [
  'AuthEnable',
  'AuthDisable',
  'UserAdd',
  'UserGet',
  'UserList',
  'UserDelete',
  'UserChangePassword',
  'UserGrantRole',
  'UserRevokeRole',
  'RoleAdd',
  'RoleGet',
  'RoleList',
  'RoleDelete',
  'RoleGrantPermission',
  'RoleRevokePermission',
] as const;

/** `etcdserverpb.Auth`: logging in. Users and roles are kept by the control plane, not behind this API. */
export const authHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const { node, sessions } = service;
  const path = (method: string): string => `/etcdserverpb.Auth/${method}`;
  const authenticate: GrpcHandler = {
    kind: 'unary',
    handle: async (bytes, { peer }) => {
      const { name, password } = decoded(AuthenticateRequest, bytes);
      if (name === '') throw refusal('userEmpty');
      const token = await sessions.open(name, password, addressOf(peer));
      if (token === undefined) throw refusal('authFailed');
      return AuthenticateResponse.encode({ header: service.header(node.engine.head.position), token });
    },
  };
  const status = unary(service, anything, () =>
    AuthStatusResponse.encode({ header: service.header(node.engine.head.position), enabled: true, authRevision: 1 }),
  );
  const refused = unary(service, anything, () => {
    throw grpcError(
      GrpcCode.unimplemented,
      'etcdserver: users and roles are not managed through the etcd API, but through that of the control plane',
    );
  });
  return [
    [path('Authenticate'), authenticate],
    [path('AuthStatus'), status],
    ...unsupported.map((method) => [path(method), refused] as const),
  ];
};
