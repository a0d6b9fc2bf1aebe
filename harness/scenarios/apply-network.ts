import { readFileSync } from 'node:fs';
import { startNetworkDriver, type NetworkPlace } from '#gateways/host/network/driver';
import type { HostNetwork } from '#gateways/host/network/host-network';

/** What it is told on its command line, as the name of a file. */
export interface ApplyOrders {
  readonly place: Omit<NetworkPlace, 'guestData'>;
  readonly networks: readonly HostNetwork[];
  /** Takes all of it away again. */
  readonly remove?: true;
}

const obey = async ({ place, networks, remove }: ApplyOrders): Promise<void> => {
  const driver = startNetworkDriver({ ...place, guestData: () => undefined });
  for (const network of networks) await driver.apply(network);
  process.stdout.write(JSON.stringify(await driver.observe()));
  if (remove === true) await driver.remove();
  driver.close();
};

// As this program's own tests write it.
void obey(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ApplyOrders);
