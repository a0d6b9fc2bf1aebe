import { Client, credentials, Metadata, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';

/** How a unary call ended: the answer, or a status in the form `CODE MESSAGE`. */
export type Answered = { readonly answer: Buffer } | { readonly refused: string };

/** Bytes in, bytes out, by the path of the method: for what no client would send. */
export interface RawClient {
  call(path: string, request: Buffer, metadata?: Readonly<Record<string, string>>): Promise<Answered>;
  stream(path: string, metadata?: Readonly<Record<string, string>>): ClientDuplexStream<Buffer, Buffer>;
  close(): void;
}

const same = (bytes: Buffer): Buffer => bytes;

/** Sends the token with every call that names no metadata of its own. */
export const rawClientOf = (endpoint: string, token?: string): RawClient => {
  const client = new Client(endpoint, credentials.createInsecure());
  const fieldsOf = (metadata: Readonly<Record<string, string>> | undefined): Metadata => {
    const fields = new Metadata();
    const own = metadata ?? (token === undefined ? {} : { token });
    for (const [name, value] of Object.entries(own)) fields.set(name, value);
    return fields;
  };
  return {
    call: (path, request, metadata) =>
      new Promise((resolve) => {
        client.makeUnaryRequest(path, same, same, request, fieldsOf(metadata), (error, answer) => {
          resolve(error === null ? { answer: answer ?? Buffer.alloc(0) } : { refused: statusOf(error) });
        });
      }),
    stream: (path, metadata) => client.makeBidiStreamRequest(path, same, same, fieldsOf(metadata)),
    close: () => client.close(),
  };
};

export const statusOf = ({ code, details }: Pick<ServiceError, 'code' | 'details'>): string => `${code} ${details}`;
