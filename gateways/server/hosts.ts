import { isLeft } from 'fp-ts/lib/Either';
import { authorityKind, clusterAuthority } from '#aggregates/authority';
import { hostKind } from '#aggregates/host';
import type { Engine } from '#log/engine';
import type { Certificates, Hosts } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';
import { readSigningRequest } from '#gateways/server/certificates/signing-request';
import { digestOf, isSameDigest } from '#gateways/server/identity/credentials';
import { guessesOf } from '#gateways/server/identity/guesses';
import { newSecret } from '#gateways/server/identity/refresh-tokens';

/** Wrong ones that one address may show: this many at once, then one in each so many milliseconds. */
const burst = 20;
const refillMs = 3_000;

/** The host, the fingerprint of the authority, by which a machine knows the cluster again, and a secret. */
const tokenForm = /^uch_([a-z0-9-]{1,63})_([0-9a-f]{64})_([A-Za-z0-9_-]{43})$/;

interface Parts {
  readonly engine: Engine;
  readonly certificates: Certificates;
}

/** Invitations to machines, and what becomes of them. */
export const hostsOf = ({ engine, certificates }: Parts): Hosts => {
  const guesses = guessesOf(burst, refillMs, () => performance.now());
  const uninvited = { rejection: { code: 'host.uninvited' } } as const;
  return {
    makeInvitation: async (host) => {
      await certificates.create();
      const authority = engine.facts.get(authorityKind, clusterAuthority)?.state;
      if (authority === undefined) throw new Error('an authority that was made is there');
      const secret = newSecret();
      return { token: `uch_${host}_${authority.current.fingerprint}_${secret}`, digest: digestOf(secret) };
    },
    enrol: async ({ token, csr }, address) => {
      if (!guesses.may(address)) return 'busy';
      const [, host = '', , secret = ''] = tokenForm.exec(token) ?? [];
      const digest = digestOf(secret);
      const invitation = engine.facts.get(hostKind, host)?.state.invitation;
      if (invitation === undefined || !isSameDigest(invitation.digest, digest)) {
        guesses.count(address);
        return uninvited;
      }
      const read = await readSigningRequest(csr);
      if (isLeft(read)) return { problem: { path: 'csr', expected: read.left, got: 'something else' } };
      const { names, addresses } = read.right;
      // Whatever else it named, others would believe it to be.
      if (names.length !== 1 || names[0] !== host || addresses.length > 0) {
        const got = [...names, ...addresses].join(', ').slice(0, 200);
        return { problem: { path: 'csr', expected: `the name ${host} and no other`, got } };
      }
      const by = { ...bySystem, source: 'http', address };
      const enrolled = await engine.submit({ ...by, kind: 'host.enrol', id: host, body: { digest } });
      if (enrolled.result.status !== 'accepted') return { refused: enrolled };
      return certificates.request({ csr, purpose: 'host', subject: `host/${host}` }, by);
    },
  };
};
