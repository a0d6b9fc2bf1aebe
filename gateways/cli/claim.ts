import { randomBytes } from 'node:crypto';
import type { Client } from '#gateways/cli/client';
import { framesFrom } from '#gateways/cli/follow';
import { Failure } from '#gateways/cli/failure';
import { exitCodes } from '#gateways/cli/exit-code';
import { bytesAt, listAt, numberAt, textAt } from '#gateways/cli/json';
import { pause } from '#gateways/cli/waiting';

/** A place in the queue of a name: a key under it that lives as long as its lease. */
export interface Claim {
  readonly key: string;
  /** Where the key was created; who holds the oldest one holds the name. It only ever grows, so it fences. */
  readonly createPosition: number;
  readonly lease: string;
  /** Aborted when the lease could not be kept: someone else may hold the name from then on. */
  readonly lost: AbortSignal;
  /** Ends the lease and so deletes the key. */
  release(): Promise<void>;
}

/** A text as a part of a path. */
export const pathText = (text: string): string => encodeURIComponent(text).replaceAll('.', '%2E');

/**
 * Takes a place in the queue, as etcd's lock and election recipes do: NAME/<lease in hexadecimal>, so that their
 * clients and ours queue up together.
 */
export const claim = async (client: Client, name: string, value: string, ttlSeconds: number): Promise<Claim> => {
  const number = (randomBytes(8).readBigUInt64BE() & 0x7fff_ffff_ffff_ffffn) | 1n;
  const lease = number.toString();
  const key = `${name}/${number.toString(16)}`;
  await client.ask({ method: 'POST', path: `/v1/leases/${lease}/grant`, body: { ttlSeconds } });
  const stop = new AbortController();
  const lost = new AbortController();
  void keepAlive(client, lease, ttlSeconds, stop.signal).then((kept) => {
    if (!kept) lost.abort();
  });
  const release = async (): Promise<void> => {
    stop.abort();
    await client.ask({ method: 'POST', path: `/v1/leases/${lease}/revoke`, body: {} }).catch((error: unknown) => {
      // Without a server the lease ends by itself.
      if (!(error instanceof Failure)) throw error;
    });
  };
  try {
    const { json } = await client.ask({
      method: 'POST',
      path: '/v1/txn',
      body: {
        compare: [{ key, target: 'version', op: '=', value: 0 }],
        success: [{ put: { key, value, lease } }],
      },
    });
    const createPosition = numberAt(json, 'position');
    if (createPosition === undefined) throw new Error('the server answered a transaction without its position');
    return { key, createPosition, lease, lost: lost.signal, release };
  } catch (error) {
    await release();
    throw error;
  }
};

/** Renews three times in a time to live. False when the lease has ended, or may have; true when it was stopped. */
const keepAlive = async (client: Client, lease: string, ttlSeconds: number, stop: AbortSignal): Promise<boolean> => {
  const ttlMs = ttlSeconds * 1000;
  let renewed = performance.now();
  while (!stop.aborted) {
    await pause(Math.min(ttlMs / 3, 60_000), stop);
    if (stop.aborted) return true;
    const asked = performance.now();
    try {
      await client
        .send({ method: 'POST', path: `/v1/leases/${lease}/renew`, body: {}, timeoutMs: ttlMs / 3 })
        .then((answer) => {
          if (answer.status === 404)
            throw new Failure({ code: 'lease.absent', message: 'The lease has ended.' }, exitCodes.absent);
          if (answer.status < 400) renewed = asked;
        });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.exitCode === exitCodes.absent) return stop.aborted;
    }
    if (performance.now() - renewed >= ttlMs) return stop.aborted;
  }
  return true;
};

/** A key in the queue of a name. */
export interface Place {
  readonly key: string;
  readonly value: string;
  readonly createPosition: number;
}

/** The queue of a name, the holder first, and the position at which it was read. */
export const queueOf = async (
  client: Client,
  name: string,
): Promise<{ readonly position: number; readonly places: readonly Place[] }> => {
  const places: Place[] = [];
  let position: number | undefined;
  let cursor: string | undefined;
  do {
    const query = { prefix: `${name}/`, limit: 1000, cursor };
    const answer = await client.ask({ method: 'GET', path: '/v1/keys', query });
    position ??= answer.position;
    for (const item of listAt(answer.json, 'items')) {
      const key = textAt(item, 'key');
      const createPosition = numberAt(item, 'createPosition');
      // A key that is no text was not made by this recipe.
      if (key === undefined || createPosition === undefined) continue;
      places.push({ key, createPosition, value: bytesAt(item, 'value')?.toString('utf8') ?? '' });
    }
    cursor = textAt(answer.json, 'cursor');
  } while (cursor !== undefined);
  return { position: position ?? 0, places: places.sort((a, b) => a.createPosition - b.createPosition) };
};

/** Resolves when nobody is before this place any more, or the signal is aborted. */
export const untilHeld = async (
  client: Client,
  name: string,
  { key, createPosition }: Claim,
  signal: AbortSignal,
  onWaiting: (holder: Place) => void,
): Promise<void> => {
  while (!signal.aborted) {
    const { position, places } = await queueOf(client, name);
    if (!places.some((place) => place.key === key)) {
      throw new Failure({ code: 'claim.lost', message: `${key} was deleted while it waited.` }, exitCodes.failed);
    }
    const before = places.filter((place) => place.createPosition < createPosition);
    const [holder] = before;
    const next = before.at(-1);
    if (holder === undefined || next === undefined) return;
    onWaiting(holder);
    // Each waits for the one before it, so that a release wakes one and not all.
    const path = `/v1/keys/${pathText(next.key)}`;
    for await (const frame of framesFrom(client, path, {}, position, Infinity, signal)) {
      if (listAt(frame, 'events').some((event) => textAt(event, 'type') === 'delete')) break;
    }
  }
};
