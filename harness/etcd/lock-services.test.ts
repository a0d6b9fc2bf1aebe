import { DeleteRangeRequest, RangeRequest, RangeResponse } from '#gateways/etcd/messages/kv';
import { LeaseGrantRequest, LeaseRevokeRequest } from '#gateways/etcd/messages/lease';
import {
  CampaignRequest,
  CampaignResponse,
  LeaderRequest,
  LeaderResponse,
  LockRequest,
  LockResponse,
  ProclaimRequest,
  ResignRequest,
  UnlockRequest,
  type LeaderKey,
} from '#gateways/etcd/messages/lock';
import { etcdInstalled } from '#harness/bench/server-process';
import type { Answered } from '#harness/etcd/raw-client';
import { etcdPeer, ourPeer, type RawPeer } from '#harness/etcd/raw-peer';

// Other work may share the machine.
jest.setTimeout(120_000);

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const hex = (lease: string): string => BigInt(lease).toString(16);

/** The same is asked of etcd, where it is installed: what is expected here is what etcd answers. */
describe.each([['ours', ourPeer] as const, ...(etcdInstalled() ? [['etcd', etcdPeer] as const] : [])])(
  'the lock and election services, %s',
  (name, start) => {
    let peer: RawPeer;
    beforeAll(async () => {
      peer = await start();
    });
    afterAll(() => peer.stop());

    const call = (path: string, request: Buffer): Promise<Answered> => peer.client.call(path, request);
    const answered = async (path: string, request: Buffer): Promise<Buffer> => {
      const result = await call(path, request);
      if ('refused' in result) throw new Error(`${path}: ${result.refused}`);
      return result.answer;
    };
    let leases = 100;
    const grant = async (): Promise<string> => {
      const id = String(++leases);
      await answered('/etcdserverpb.Lease/LeaseGrant', LeaseGrantRequest.encode({ id, ttl: 600 }));
      return id;
    };
    const revoke = (id: string) => answered('/etcdserverpb.Lease/LeaseRevoke', LeaseRevokeRequest.encode({ id }));
    const keysBelow = async (prefix: string): Promise<readonly string[]> => {
      const request = RangeRequest.encode({ key: `${prefix}/`, rangeEnd: `${prefix}0` });
      return RangeResponse.decode(await answered('/etcdserverpb.KV/Range', request)).kvs.map(({ key }) => key);
    };
    const standing = async (prefix: string, count: number): Promise<void> => {
      while ((await keysBelow(prefix)).length !== count) await pause();
    };
    const lock = (name: string, lease: string) => call('/v3lockpb.Lock/Lock', LockRequest.encode({ name, lease }));
    const unlock = (key: string) => call('/v3lockpb.Lock/Unlock', UnlockRequest.encode({ key }));
    const keyOf = (result: Answered): string =>
      'refused' in result ? result.refused : LockResponse.decode(result.answer).key;

    test('a lock is held by the first, then by the next', async () => {
      const [first, second] = [await grant(), await grant()];
      expect(keyOf(await lock('one', first))).toBe(`one/${hex(first)}`);
      expect(keyOf(await lock('one', first))).toBe(`one/${hex(first)}`);
      const waiting = lock('one', second);
      await standing('one', 2);
      await unlock(`one/${hex(first)}`);
      expect(keyOf(await waiting)).toBe(`one/${hex(second)}`);
      expect(await unlock(`one/${hex(second)}`)).toHaveProperty('answer');
      expect(await keysBelow('one')).toEqual([]);
    });

    test('a lock goes on when the lease of its holder ends', async () => {
      const [first, second] = [await grant(), await grant()];
      await lock('two', first);
      const waiting = lock('two', second);
      await standing('two', 2);
      await revoke(first);
      expect(keyOf(await waiting)).toBe(`two/${hex(second)}`);
    });

    // etcd 3.4 lets the lock be held without a lease; later releases refuse it in these words.
    if (name === 'ours')
      test('who waits and loses the lease does not get the lock', async () => {
        const [first, second] = [await grant(), await grant()];
        await lock('three', first);
        const waiting = lock('three', second);
        await standing('three', 2);
        await revoke(second);
        await unlock(`three/${hex(first)}`);
        expect(keyOf(await waiting)).toBe('2 mutex: session is expired');
      });

    test('a lock needs a lease that there is, or gets one of its own', async () => {
      // etcd's service is a client of etcd itself, and passes the words on without the code.
      const refusedAs = (code: number, words: string): string => `${name === 'ours' ? code : 2} ${words}`;
      expect(keyOf(await lock('four', '99'))).toBe(refusedAs(5, 'etcdserver: requested lease not found'));
      expect(keyOf(await lock('four', '0'))).toMatch(/^four\/[0-9a-f]+$/);
      expect(keyOf(await unlock('four/absent'))).toBe('');
      expect(keyOf(await unlock(''))).toBe(refusedAs(3, 'etcdserver: key is not provided'));
    });

    const leaderOf = async (name: string): Promise<string> => {
      const result = await call('/v3electionpb.Election/Leader', LeaderRequest.encode({ name }));
      return 'refused' in result ? result.refused : String(LeaderResponse.decode(result.answer).kv?.value);
    };
    const campaign = async (name: string, lease: string, value: string): Promise<LeaderKey> => {
      const request = CampaignRequest.encode({ name, lease, value: bytes(value) });
      const { leader } = CampaignResponse.decode(await answered('/v3electionpb.Election/Campaign', request));
      if (leader === undefined) throw new Error('a campaign that was won names its place');
      return leader;
    };
    const proclaim = (leader: LeaderKey | undefined, value: string): Promise<Answered> =>
      call('/v3electionpb.Election/Proclaim', ProclaimRequest.encode({ leader, value: bytes(value) }));
    const resign = (leader: LeaderKey | undefined): Promise<Answered> =>
      call('/v3electionpb.Election/Resign', ResignRequest.encode({ leader }));

    test('an election has one leader at a time, and observers see each', async () => {
      const [first, second] = [await grant(), await grant()];
      expect(await leaderOf('five')).toBe('2 election: no leader');
      const leader = await campaign('five', first, 'one');
      expect(leader).toMatchObject({ name: 'five', key: `five/${hex(first)}`, lease: first });
      const observer = peer.client.stream('/v3electionpb.Election/Observe');
      const seen: string[] = [];
      observer.on('error', () => undefined);
      observer.on('data', (message: Buffer) => seen.push(String(LeaderResponse.decode(message).kv?.value)));
      observer.write(LeaderRequest.encode({ name: 'five' }));
      while (seen.length < 1) await pause();
      const next = campaign('five', second, 'two');
      await standing('five', 2);
      expect(await leaderOf('five')).toBe('one');
      expect(await proclaim(leader, 'one again')).toHaveProperty('answer');
      while (seen.length < 2) await pause();
      expect(await resign(leader)).toHaveProperty('answer');
      const following = await next;
      expect(following.key).toBe(`five/${hex(second)}`);
      while (seen.length < 3) await pause();
      expect(await leaderOf('five')).toBe('two');
      expect(await proclaim(leader, 'too late')).toEqual({ refused: '2 election: not leader' });
      expect(await campaign('five', second, 'two again')).toEqual(following);
      while (seen.length < 4) await pause();
      expect(seen).toEqual(['one', 'one again', 'two', 'two again']);
      observer.cancel();
    });

    test('a candidate that goes away stands no more', async () => {
      const [first, second] = [await grant(), await grant()];
      const leader = await campaign('six', first, 'one');
      const request = CampaignRequest.encode({ name: 'six', lease: second, value: bytes('two') });
      const leaving = peer.client.stream('/v3electionpb.Election/Campaign');
      leaving.on('error', () => undefined);
      leaving.end(request);
      await standing('six', 2);
      leaving.cancel();
      await standing('six', 1);
      await resign(leader);
      expect(await leaderOf('six')).toBe('2 election: no leader');
    });

    test('what names no leader, and a key that is gone, is refused', async () => {
      const lease = await grant();
      expect(await proclaim(undefined, 'x')).toEqual({ refused: '2 "leader" field must be provided' });
      expect(await resign(undefined)).toEqual({ refused: '2 "leader" field must be provided' });
      const leader = await campaign('seven', lease, 'one');
      await answered('/etcdserverpb.KV/DeleteRange', DeleteRangeRequest.encode({ key: leader.key }));
      expect(await proclaim(leader, 'x')).toEqual({ refused: '2 election: not leader' });
      expect(await resign(leader)).toHaveProperty('answer');
    });
  },
);
