import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { GuestFailure } from '#gateways/host/guest/guest-failure';
import type { GuestNic } from '#gateways/host/guest/guest-spec';
import type { Account } from '#gateways/host/guest/host-account';

/** A tap must be there and be QEMU's own: nobody may make one, and only its owner may open it. */
export const checkTap = ({ name, link }: GuestNic, account: Account | undefined): void => {
  if (link.kind !== 'tap') return;
  const folder = `/sys/class/net/${link.interfaceName}`;
  if (!existsSync(folder)) throw new GuestFailure('missing', `The interface ${link.interfaceName} of ${name}.`);
  const owner = existsSync(`${folder}/owner`) ? readFileSync(`${folder}/owner`, 'utf8').trim() : 'none';
  if (account === undefined) return;
  if (owner !== String(account.uid)) {
    throw new GuestFailure('unusable', `${link.interfaceName} belongs to user ${owner}, expected ${account.uid}.`);
  }
  // Its mode everywhere else (udev): rights over an interface come from owning it, not from opening this file.
  if ((statSync('/dev/net/tun').mode & 0o006) !== 0o006) chmodSync('/dev/net/tun', 0o666);
};
