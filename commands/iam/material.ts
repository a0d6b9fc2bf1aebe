import { text } from '#commands/codec/scalar';

/** Ids that a gateway makes: 128 bits, so that nobody guesses one. */
export const randomId = '[0-9a-f]{32}';

export const Digest = text('digest', {
  summary: 'The SHA-256 of a secret, in hexadecimal; the secret itself is kept nowhere.',
  pattern: '[0-9a-f]{64}',
  minLength: 64,
  maxLength: 64,
  example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
});

export const Sealed = text('sealed secret', {
  summary: 'A secret under a key of the keyring, which only the process opens.',
  pattern: 'sealed:v1:[0-9a-f]{16}:[A-Za-z0-9_-]{16}:[A-Za-z0-9_-]{22,4000}',
  maxLength: 4_096,
  example: 'sealed:v1:5f2d1c9a7b3e4860:bm9uY2Vub25jZW5v:Y2lwaGVydGV4dGFuZHRhZ29mMTY',
});

export const ClientId = text('client', {
  summary: 'The program that somebody logs in with.',
  pattern: '[a-z0-9][a-z0-9/-]*',
  minLength: 1,
  maxLength: 127,
  example: 'ultracloud-cli',
});

/** TOTP counts time in steps of 30 seconds since 1970 (RFC 6238). */
export const totpStepSummary = 'The step of time whose one-time code was shown; none is taken twice.';
