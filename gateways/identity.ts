import type { Either } from 'fp-ts/lib/Either';

/** Why nobody is let in. It does not say whether there is such a user: only whoever is let in learns that. */
export type LoginFault =
  /** Wrong or unknown name, password, code, key or token; locked, disabled, used or over. */
  | 'wrong'
  /** The password was right, and a one-time code is needed beside it. */
  | 'codeNeeded'
  /** Too many try at once, or this address tries too often. */
  | 'busy'
  /** Nobody has approved it yet. */
  | 'pending'
  /** Asked for again too soon. */
  | 'slowDown'
  | 'denied'
  /** The keyring, which opens passwords, is not there. */
  | 'unavailable'
  | 'expired';

export interface Tokens {
  readonly principal: string;
  readonly accessToken: string;
  readonly expiresSeconds: number;
  /** Absent where the client can show its key again. */
  readonly refreshToken?: string;
  /** Tells the client who has logged in (OpenID Connect Core 2); with the scope `openid`. */
  readonly idToken?: string;
  readonly scope: string;
}

/** What somebody shows to be let in. */
export type Grant =
  | {
      readonly kind: 'password';
      readonly user: string;
      readonly password: string;
      readonly code?: string;
      readonly client: string;
    }
  /** The id and the secret of an access key, or the key as it was shown once; the service account as client id. */
  | { readonly kind: 'access-key'; readonly serviceAccount: string; readonly key: string }
  | { readonly kind: 'refresh'; readonly token: string; readonly client: string | undefined }
  | { readonly kind: 'device'; readonly deviceCode: string; readonly client: string }
  | {
      readonly kind: 'code';
      readonly code: string;
      readonly verifier: string;
      readonly redirectUri: string;
      readonly client: string;
    };

/** What a token stands for at the present position. */
export interface Introspection {
  readonly principal: string;
  readonly client?: string;
  readonly scope?: string;
  /** Seconds since 1970. */
  readonly issued?: number;
  readonly expires?: number;
}

export interface DeviceLogin {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly expiresSeconds: number;
  readonly intervalSeconds: number;
}

/** What a client asks a browser for, as it was checked. */
export interface CodeRequest {
  readonly client: string;
  readonly scope: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly nonce?: string;
}

/** Whoever approves a login: by a password, as a session, or as another issuer says. */
export type Approver =
  | { readonly kind: 'password'; readonly user: string; readonly password: string; readonly code?: string }
  | { readonly kind: 'session'; readonly principal: string }
  | { readonly kind: 'federated'; readonly principal: string };

/** What others may know of a user, as OpenID Connect names it. */
export interface UserInfo {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly preferredUsername?: string;
}

/** An outside issuer that users may log in with. */
export interface OutsideIssuer {
  readonly id: string;
  readonly displayName: string;
}

/** What a client asked for, which goes on when the browser comes back from another issuer. */
export interface Resumption {
  readonly request: CodeRequest;
  readonly state: string | undefined;
}

export interface FederationStart {
  /** Where to send the browser. */
  readonly url: string;
  /** What it must bring back, so that nobody goes on in another's browser. */
  readonly cookie: string;
}

export interface Federated {
  readonly principal: string;
  readonly resume: Resumption;
}

/** A key of a service account, shown once. */
export interface AccessKeyMaterial {
  readonly id: string;
  /** What is shown. */
  readonly key: string;
  /** What is kept. */
  readonly digest: string;
}

/** Who somebody is: passwords, tokens and what they are signed with. */
export interface Identity {
  /** The URL that tokens name as their issuer. */
  readonly issuer: string;
  /** Names the issuer, once it is known where this node is reached. */
  serveAs(issuer: string): void;
  publicKeys(): readonly Readonly<Record<string, string>>[];
  /** Makes the signing key when there is none. */
  ensureSigningKey(): Promise<void>;
  /** Tokens for what is shown; `address` bounds guessing. */
  exchange(grant: Grant, address: string): Promise<Either<LoginFault, Tokens>>;
  introspect(token: string): Introspection | undefined;
  /** Ends the session that a refresh token or an access token is of; of anything else nothing comes. */
  revoke(token: string): Promise<void>;
  userInfo(principal: string): UserInfo | undefined;
  /** Device logins (RFC 8628). */
  startDevice(client: string, scope: string, address: string): Promise<Either<LoginFault, DeviceLogin>>;
  /** The client that waits for what was typed. */
  deviceClient(userCode: string, address: string): Either<LoginFault, { readonly client: string }>;
  settleDevice(userCode: string, by: Approver | 'deny', address: string): Promise<Either<LoginFault, undefined>>;
  /** A code for a browser to bring back (RFC 6749 4.1). */
  startCode(asked: CodeRequest, by: Approver, address: string): Promise<Either<LoginFault, string>>;
  outsideIssuers(): readonly OutsideIssuer[];
  startFederation(provider: string, resume: Resumption, address: string): Promise<Either<LoginFault, FederationStart>>;
  finishFederation(
    shown: { readonly state: string; readonly code: string; readonly issuer?: string },
    cookie: string,
  ): Promise<Either<LoginFault, Federated>>;
  /** What we show to another issuer, sealed for the log. */
  sealProviderSecret(provider: string, secret: string): string;
  makeAccessKey(): AccessKeyMaterial;
  /** What is wrong with a new password, or the password sealed for the log. */
  sealPassword(user: string, password: string): Promise<Either<string, string>>;
  /** Whether it is the password of a user; counts a wrong one. */
  checkPassword(user: string, password: string, address: string): Promise<Either<LoginFault, undefined>>;
  /** A secret for one-time codes: sealed for the log, and as an authenticator app reads it. */
  makeTotp(user: string): { readonly sealed: string; readonly secret: string; readonly uri: string };
  /** The step of time that a code of a user is of; counts a wrong one. */
  checkTotp(user: string, code: string, address: string): Promise<Either<LoginFault, number>>;
}
