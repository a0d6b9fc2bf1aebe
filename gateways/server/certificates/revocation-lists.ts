import { trustedAuthorities, type CertificateAuthority } from '#aggregates/authority';
import { certificateKind, revokedOfIssuer } from '#aggregates/certificate';
import type { Engine } from '#log/engine';
import { signRevocationList, type Revocation } from '#gateways/server/certificates/signer';
import { KeysUnavailable } from '#gateways/node';
import { withKeys } from '#gateways/server/certificates/keys-unavailable';
import type { Keyring } from '#gateways/server/keyring/keyring';

/** What relies on a list fetches another one by then; what is revoked is in it at once for who fetches it. */
const validMs = 24 * 3_600_000;

/** A list is signed anew when less than this is left of it. */
const renewedMs = 12 * 3_600_000;

export interface RevocationLists {
  /** One list of each trusted authority, in PEM; undefined before there is an authority. */
  text(): Promise<string | undefined>;
  /** What a list says may have changed. */
  change(): void;
}

/** Signs lists when they are asked for, and keeps them until something changes. */
export const revocationLists = (
  engine: Engine,
  keyring: Keyring,
  authority: () => CertificateAuthority | undefined,
): RevocationLists => {
  let kept: { readonly text: Promise<string>; readonly untilMs: number } | undefined;
  const sign = async (held: CertificateAuthority, nowMs: number): Promise<string> => {
    // Read before anything is waited for, so that all of it is of one position.
    const number = engine.head.position;
    const about = trustedAuthorities(held, nowMs).map((each) => ({ each, revoked: revokedBy(each.fingerprint) }));
    const times = { number, thisUpdate: nowMs, nextUpdate: nowMs + validMs };
    const texts = about.map(async ({ each, revoked }) => {
      try {
        return await withKeys(() => signRevocationList(keyring, each, { ...times, revoked }));
      } catch (error) {
        // Without its list nobody who asks for one believes what the former keys signed, as it should be.
        if (each === held.current || !(error instanceof KeysUnavailable)) throw error;
        return '';
      }
    });
    return (await Promise.all(texts)).join('');
  };
  const revokedBy = (issuer: string): readonly Revocation[] =>
    engine.facts.index(revokedOfIssuer, { from: issuer, to: `${issuer}\0`, limit: Infinity }).flatMap(({ id }) => {
      const state = engine.facts.get(certificateKind, id)?.state;
      return state?.phase === 'revoked'
        ? [{ serial: id, revokedMs: state.revoked.atMs, reason: state.revoked.reason }]
        : [];
    });
  return {
    text: async () => {
      const held = authority();
      if (held === undefined) return undefined;
      const nowMs = engine.now;
      if (kept === undefined || kept.untilMs < nowMs) {
        const own = { text: sign(held, nowMs), untilMs: nowMs + validMs - renewedMs };
        kept = own;
        own.text.catch(() => (kept = kept === own ? undefined : kept));
      }
      return kept.text;
    },
    change: () => (kept = undefined),
  };
};
