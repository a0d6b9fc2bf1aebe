import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { clusterSigning, signingKeyKind, type SigningKeys, type SigningMaterial } from '#aggregates/iam/signing-key';
import type { Engine } from '#log/engine';
import { bySystem } from '#gateways/server/by-system';
import type { SigningKey } from '#gateways/server/identity/jwt';
import type { Keyring } from '#gateways/server/keyring/keyring';

/** The subject of the keyring under which the keys are sealed. */
const keySubject = `signing-key/${clusterSigning}`;

const purposeOf = (keyId: string): string => `${keySubject}/${keyId}`;

export interface Signing {
  /** What signs now; the first is made when none is there. */
  signer(): Promise<SigningKey>;
  /** What verifies the tokens of a key; undefined when they are valid no more. */
  verifier(keyId: string): KeyObject | undefined;
  /** The public keys of RFC 8037, the one that signs first. */
  publicKeys(): readonly Readonly<Record<string, string>>[];
  stop(): void;
}

export interface SigningParts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  /** Told of what an operator should look at. */
  readonly tell: (why: string) => void;
}

/** Signs with the keys that the log knows, and makes those that it asks for. */
export const startSigning = ({ engine, keyring, tell }: SigningParts): Signing => {
  const held = (): SigningKeys | undefined => engine.facts.get(signingKeyKind, clusterSigning)?.state;
  let adding: Promise<void> | undefined;
  const add = (): Promise<void> => (adding ??= addKey(engine, keyring).finally(() => (adding = undefined)));
  const rotate = (): void => {
    const failed = (error: unknown): void => tell(`No new key for tokens could be made: ${messageOf(error)}`);
    try {
      add().catch(failed);
    } catch (error) {
      failed(error);
    }
  };
  const stopListening = engine.onApplied((batch) => {
    for (const { result } of batch) {
      if (result.status !== 'accepted') continue;
      if (result.events.some(({ kind }) => kind === 'signing-key.rotationRequested')) rotate();
    }
  });
  if (held()?.rotationRequested === true) rotate();

  let signing: SigningKey | undefined;
  const verifying = new Map<string, { readonly publicKey: string; readonly key: KeyObject }>();
  return {
    signer: async () => {
      if (held() === undefined) await add();
      const newest = held()?.keys[0];
      if (newest === undefined) throw new Error('a key that was added is there');
      if (signing?.keyId !== newest.keyId) {
        const der = keyring.open(purposeOf(newest.keyId), newest.sealedKey);
        signing = { keyId: newest.keyId, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
      }
      return signing;
    },
    verifier: (keyId) => {
      const publicKey = held()?.keys.find((key) => key.keyId === keyId)?.publicKey;
      if (publicKey === undefined) {
        verifying.delete(keyId);
        return undefined;
      }
      const known = verifying.get(keyId);
      if (known?.publicKey === publicKey) return known.key;
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
      verifying.set(keyId, { publicKey, key });
      return key;
    },
    publicKeys: () =>
      (held()?.keys ?? []).map(({ keyId, publicKey }) => ({
        ...{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' },
        ...{ kid: keyId, x: publicKey },
      })),
    stop: stopListening,
  };
};

const messageOf = (error: unknown): string => String((error as { readonly message?: unknown }).message ?? error);

/** Several processes may do this at once: the log hears the first. */
const addKey = async (engine: Engine, keyring: Keyring): Promise<void> => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const keyId = randomBytes(16).toString('hex');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const body: SigningMaterial = {
    keyId,
    publicKey: publicKey.export({ format: 'jwk' }).x ?? '',
    sealedKey: keyring.seal(keySubject, purposeOf(keyId), der),
  };
  await engine.submit({ ...bySystem, kind: 'signing-key.add', id: clusterSigning, body });
};
