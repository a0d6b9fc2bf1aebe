import { randomBytes } from 'node:crypto';
import { digestOf } from '#gateways/server/identity/credentials';

/**
 * A refresh token names its session and has two secrets: one of the family, which all tokens of the session share, and
 * one of its own. So whoever shows a former token is told from whoever guesses, with two digests kept.
 */
const form = /^ucr_([0-9a-f]{32})_([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{43})$/;

export interface RefreshToken {
  readonly session: string;
  readonly family: string;
  readonly own: string;
}

export const readRefreshToken = (token: string): RefreshToken | undefined => {
  const [, session, family, own] = form.exec(token) ?? [];
  if (session === undefined || family === undefined || own === undefined) return undefined;
  return { session, family, own };
};

export const refreshTokenText = ({ session, family, own }: RefreshToken): string => `ucr_${session}_${family}${own}`;

export const newRefreshToken = (): RefreshToken => ({
  session: randomId(),
  family: randomBytes(16).toString('base64url'),
  own: newSecret(),
});

export const nextRefreshToken = (token: RefreshToken): RefreshToken => ({ ...token, own: newSecret() });

/** What the log keeps of it. */
export const digestsOf = ({ family, own }: RefreshToken): { readonly family: string; readonly current: string } => ({
  family: digestOf(family),
  current: digestOf(own),
});

export const randomId = (): string => randomBytes(16).toString('hex');

export const newSecret = (): string => randomBytes(32).toString('base64url');
