import { readFileSync } from 'node:fs';
import type { GuestSpec } from '#gateways/host/guest/guest-spec';
import { openGuestHost } from '#gateways/host/guest/guest-host';
import { usualAccount } from '#gateways/host/guest/host-account';
import { prepareGuest, startGuest } from '#gateways/host/guest/power';

/** A driver in a process of its own, to be killed: starts the guest of a file below a folder, says so, and stays. */
const main = async (): Promise<void> => {
  const [root = '', file = ''] = process.argv.slice(2);
  const spec = JSON.parse(readFileSync(file, 'utf8')) as GuestSpec;
  const host = openGuestHost({ root, account: usualAccount() });
  await prepareGuest(host, spec);
  await startGuest(host, spec);
  process.stdout.write('started\n');
  setInterval(() => undefined, 1_000);
};

void main();
