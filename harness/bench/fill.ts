import { txnOfPuts } from '#harness/bench/etcd-message';
import { callOf, headerBlocks, onStream, openConnection, type Address } from '#harness/bench/http2-client';

export interface Fill {
  readonly address: Address;
  readonly token?: string;
  /** Keys 0 up to this one. */
  readonly keys: number;
}

/** etcd's own limit on the operations of a transaction. */
const PUTS_PER_TXN = 128;
const CONNECTIONS = 8;

/** Puts each key once; gives the seconds it took. Rejects when a transaction fails. */
export const fill = async (options: Fill): Promise<number> => {
  const startedAt = performance.now();
  let next = 0;
  const take = (): number | undefined => {
    if (next >= options.keys) return undefined;
    next += PUTS_PER_TXN;
    return next - PUTS_PER_TXN;
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => fillOn(options, take)));
  return (performance.now() - startedAt) / 1000;
};

const fillOn = ({ address, token, keys }: Fill, take: () => number | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const { first, later } = headerBlocks('/etcdserverpb.KV/Txn', token);
    let stream = -1;
    let served = false;
    let close: () => void = () => undefined;
    const next = (write: (bytes: Buffer) => void): void => {
      const from = take();
      if (from === undefined) {
        close();
        return resolve();
      }
      stream += 2;
      served = false;
      const message = txnOfPuts(from, Math.min(PUTS_PER_TXN, keys - from));
      write(onStream(callOf(stream === 1 ? first : later, message), stream));
    };
    openConnection(address, {
      data: () => (served = true),
      end: () => {
        if (served) next(write);
        else reject(new Error('a transaction of the fill was refused'));
      },
      lost: (reason) => reject(new Error(`filling failed: ${reason}`)),
    }).then((connection) => {
      close = connection.close;
      write = connection.write;
      next(write);
    }, reject);
    let write: (bytes: Buffer) => void = () => undefined;
  });
