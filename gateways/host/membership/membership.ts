import { setTimeout as pause } from 'node:timers/promises';
import { controlPlane, faultOf, Refused, Unreachable, type Answered } from '#gateways/host/membership/control-plane';
import { authoritiesFrom } from '#gateways/host/membership/enrolment';
import { validityOf, writeAuthorities, writePair, type HostIdentity } from '#gateways/host/membership/host-directory';
import { newSigningRequest } from '#gateways/new-request';

/** What the machine has and can do, as the control plane is told. */
export interface HostReport {
  readonly capacity: { readonly cpuCount: number; readonly memoryBytes: number; readonly diskBytes: number };
  readonly capabilities: {
    readonly accelerators: readonly string[];
    readonly diskFormats: readonly string[];
    readonly features: readonly string[];
  };
  readonly agentVersion: string;
}

export interface MembershipOptions {
  readonly directory: string;
  readonly identity: HostIdentity;
  readonly report: () => Promise<HostReport>;
  /** Lines for people. */
  readonly say: (line: string) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Three heartbeats for each time to live: two may be lost. */
const beatsPerLife = 3;
const retryMs = 1_000;
const longestRetryMs = 15_000;
const authoritiesMs = 3_600_000;
/** A certificate is renewed when less than this share of its life is left. */
const renewedAt = 1 / 3;

/** Keeps a machine a host: comes, reports, is heard of, comes back when it was lost, and renews its certificate. */
export const stayMember = async (options: MembershipOptions): Promise<void> => {
  const { directory, identity, report, say, signal } = options;
  const { name, endpoint } = identity;
  const path = `/v1/hosts/${name}`;
  let { pair, authorities } = identity;
  let server = controlPlane(endpoint, { authorities, pair });
  let authoritiesAt = performance.now();
  const connectAgain = (): void => {
    server.close();
    server = controlPlane(endpoint, { authorities, pair });
  };
  const ask = async (...asked: Parameters<typeof server.ask>): Promise<Answered> => {
    const answered = await server.ask(...asked);
    // A certificate that is refused stays refused; what is hidden or forbidden to a host is no host's of the cluster.
    if (answered.status === 401 || answered.status === 403 || answered.status === 404) {
      throw new Refused(`host/${name} is refused: ${faultOf(answered)}`);
    }
    return answered;
  };
  const done = async (...asked: Parameters<typeof server.ask>): Promise<Answered> => {
    const answered = await ask(...asked);
    if (answered.status !== 200) throw new Unreachable(faultOf(answered));
    return answered;
  };
  const come = async (): Promise<number> => {
    await done('POST', `${path}/join`, {});
    const { json } = await done('GET', path);
    const epoch = Number(json['epoch']);
    await done('POST', `${path}/report`, { epoch, ...(await report()) });
    say(`host/${name} is up at ${endpoint}, in epoch ${epoch}`);
    return epoch;
  };
  const renew = async (): Promise<void> => {
    const { notBefore, notAfter } = validityOf(pair);
    if (notAfter - Date.now() < (notAfter - notBefore) * renewedAt) {
      const { key, csr } = await newSigningRequest([name]);
      const { json } = await done('POST', '/v1/certificate-renewals', { csr });
      pair = `${key}${String(json['certificate'])}`;
      writePair(directory, pair);
      connectAgain();
      say(`host/${name} has a new certificate, until ${new Date(validityOf(pair).notAfter).toISOString()}`);
    }
    if (performance.now() - authoritiesAt < authoritiesMs) return;
    authoritiesAt = performance.now();
    const published = await authoritiesFrom(endpoint, authorities);
    if (published === undefined || published === authorities) return;
    authorities = published;
    writeAuthorities(directory, authorities);
    connectAgain();
  };

  let epoch: number | undefined;
  let waitMs = retryMs;
  let isOut = false;
  try {
    while (!signal.aborted) {
      try {
        await renew();
        epoch ??= await come();
        const beat = await ask('POST', `${path}/heartbeat`, { epoch });
        if (beat.status === 409) {
          say(`host/${name} was counted as lost: it was not heard of for too long. It comes again.`);
          epoch = undefined;
          continue;
        }
        if (beat.status !== 200) throw new Unreachable(faultOf(beat));
        if (isOut) say(`${endpoint} answers again`);
        isOut = false;
        waitMs = retryMs;
        await pause((Number(beat.json['ttlSeconds']) * 1_000) / beatsPerLife, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Unreachable)) throw error;
        if (!isOut) say(`${error.message}. Trying again.`);
        isOut = true;
        await pause(waitMs, undefined, { signal }).catch(() => undefined);
        waitMs = Math.min(longestRetryMs, waitMs * 2);
      }
    }
  } finally {
    server.close();
  }
};
