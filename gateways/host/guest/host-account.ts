import { chownSync, statSync } from 'node:fs';
import { constants } from 'node:fs';
import type { Accelerator } from '#gateways/host/guest/guest-spec';

/** Whom QEMU runs as; undefined is whoever the driver runs as. Only root may name another. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Debian's nobody: it owns no file and runs nothing else. */
export const nobody: Account = { uid: 65_534, gid: 65_534 };

/** Whom guests run as where nothing else is said: never root. */
export const usualAccount = (): Account | undefined => (process.getuid?.() === 0 ? nobody : undefined);

/** Hands a file over to whom QEMU runs as. */
export const handOver = (path: string, account: Account | undefined): void => {
  if (account !== undefined) chownSync(path, account.uid, account.gid);
};

/** What QEMU is started through, so that it has the rights of the account and can never have more. */
export const setprivArgv = (account: Account | undefined, accelerator: Accelerator): readonly string[] => {
  if (account === undefined) return [];
  const groups = accelerator === 'kvm' ? groupOfKvm() : undefined;
  return [
    'setpriv',
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    groups === undefined ? '--clear-groups' : `--groups=${groups}`,
    '--no-new-privs',
    '--inh-caps=-all',
    '--bounding-set=-all',
    '--',
  ];
};

/** The group that may use the processor's virtualisation, where that is not for everybody. */
const groupOfKvm = (): number | undefined => {
  const stat = statSync('/dev/kvm', { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & constants.S_IRWXG) !== 0 ? stat.gid : undefined;
};
