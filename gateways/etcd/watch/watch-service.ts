import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { streaming, type Service } from '#gateways/etcd/grpc-service';
import { frameEncoder } from '#gateways/etcd/watch/frame-encoding';
import { openWatchStream } from '#gateways/etcd/watch/watch-stream';

/** `etcdserverpb.Watch`. */
export const watchHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const encoder = frameEncoder(service);
  return [
    [
      '/etcdserverpb.Watch/Watch',
      streaming(service, (stream, caller) => openWatchStream(service, encoder, stream, caller)),
    ],
  ];
};
