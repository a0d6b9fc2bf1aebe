import { randomBytes } from 'node:crypto';

const minPassword = 12;
const maxPassword = 256;

/** OWASP's first choice of argon2id: 19 MiB, two passes, one lane; the package's own figures, named here to stay. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Checks that may run or wait at one time; each takes 19 MiB while it runs. */
const maxWaiting = 16;

/** Too many are being checked. */
export class Busy extends Error {}

export interface Passwords {
  /** PHC text. */
  hash(password: string): Promise<string>;
  /** Takes as long without a password to compare with. */
  verify(phc: string | undefined, password: string): Promise<boolean>;
}

/** The library is loaded with the first password. */
export const passwordsOf = (): Passwords => {
  let waiting = 0;
  let dummy: Promise<string> | undefined;
  const counted = async <A>(work: () => Promise<A>): Promise<A> => {
    if (waiting >= maxWaiting) throw new Busy('too many passwords are being checked');
    waiting++;
    try {
      return await work();
    } finally {
      waiting--;
    }
  };
  const hash = async (password: string): Promise<string> => {
    const argon2 = await import('@node-rs/argon2');
    return argon2.hash(password, cost);
  };
  return {
    hash: (password) => counted(() => hash(password.normalize('NFC'))),
    verify: (phc, password) =>
      counted(async () => {
        const argon2 = await import('@node-rs/argon2');
        const expected = phc ?? (await (dummy ??= hash(randomBytes(32).toString('hex'))));
        const isSame = await argon2.verify(expected, password.normalize('NFC'));
        return phc !== undefined && isSame;
      }),
  };
};

/** What is wrong with a new password; undefined when it will do. */
export const passwordFault = (password: string, user: string): string | undefined => {
  const { length } = [...password];
  if (length < minPassword) return `at least ${minPassword} characters`;
  if (length > maxPassword) return `at most ${maxPassword} characters`;
  const name = user.replaceAll('-', '');
  if (
    name.length >= 3 &&
    password
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .includes(name)
  ) {
    return 'a password without the name of the user';
  }
  return new Set(password).size < 5 ? 'at least five different characters' : undefined;
};
