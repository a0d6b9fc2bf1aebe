import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { tapName, type Rule, type Vpc } from '#gateways/host/network/host-network';
import { loadedRules } from '#gateways/host/network/host-state';
import { runWithin } from '#gateways/host/network/programs';
import { mayHaveOwnNetworks, ownNetworks } from '#gateways/host/network/requirements';
import type { ApplyOrders } from '#harness/scenarios/apply-network';
import { describedOnFabric, group, onFabric, port, seenFrom, vpc } from '#harness/scenarios/fabric';

jest.setTimeout(60_000);

const pings: Rule = { direction: 'ingress', protocol: 'icmp' };

/** The program that applies networks and can be killed. */
const applying = (directory: string): string => {
  const outfile = join(directory, 'apply-network.cjs');
  buildSync({
    entryPoints: [join(__dirname, 'apply-network.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['ultracloud-source'],
    logLevel: 'silent',
  });
  chmodSync(outfile, 0o644);
  return outfile;
};

const orders = (directory: string, given: ApplyOrders): string => {
  const file = join(directory, 'orders.json');
  writeFileSync(file, JSON.stringify(given), { mode: 0o644 });
  return file;
};

describedOnFabric('the driver of networks', () => {
  test('what someone changes by hand is noticed and repaired, what is not ours is left alone', () =>
    onFabric(async (fabric) => {
      const host = await fabric.host(1);
      const run = runWithin(host.namespace);
      const ports = [port('a', 5, { vtep: host.vtep }), port('b', 6, { vtep: host.vtep })] as const;
      const network = seenFrom(host, 3, [vpc(1, { ports, groups: [group('default', [pings])] })]);
      await run(['nft', '-f', '-'], 'table inet theirs {\n chain c {\n tcp dport 1 drop\n }\n}\n');
      for (const line of ['link add ucb-theirs type bridge', 'link add docker0 type bridge']) {
        await run(['ip', ...line.split(' ')]);
      }
      const [a, b] = [await fabric.guest(host, ports[0]), await fabric.guest(host, ports[1])];
      await host.driver.apply(network);
      expect((await host.driver.observe()).drift).toEqual([]);

      const listing = await run(['nft', '-a', 'list', 'chain', 'bridge', 'ultracloud', 'guest-egress']);
      const handle = /drop # handle (\d+)/.exec(listing)?.[1] ?? '';
      await run(['nft', 'delete', 'rule', 'bridge', 'ultracloud', 'guest-egress', 'handle', handle]);
      await run(['ip', 'link', 'set', 'dev', tapName('b'), 'nomaster']);
      await run(['bridge', 'fdb', 'add', '02:00:00:00:00:99', 'dev', tapName('a'), 'master', 'static']);
      await run(['ip', 'link', 'add', 'ucx0000ff', 'type', 'bridge']);
      expect(await a.canPing('10.0.0.6')).toBe(false);
      const { drift } = await host.driver.observe();
      expect(drift).toEqual([
        'rules: bridge chain guest-egress',
        'link del dev ucx0000ff',
        expect.stringContaining(`link set dev ${tapName('b')} mtu 1500 master ucb000001`),
        expect.stringContaining('learning off'),
        'fdb del 02:00:00:00:00:99 dev ' + tapName('a') + ' master',
        `fdb replace ${ports[1].mac} dev ${tapName('b')} master static`,
      ]);
      await host.driver.apply(network);
      expect(await host.driver.observe()).toMatchObject({ position: 3, drift: [] });
      expect(await a.canPing('10.0.0.6')).toBe(true);
      expect(await b.canPing('10.0.0.5')).toBe(true);

      // A change on top of rules that are not what they were.
      await run(['nft', 'delete', 'table', 'bridge', 'ultracloud']);
      await host.driver.apply({ ...network, position: 4 });
      expect(await host.driver.observe()).toMatchObject({ position: 4, drift: [] });
      await host.driver.remove();
      expect(await run(['nft', 'list', 'tables'])).toBe('table inet theirs\n');
      expect(await run(['ip', '-br', 'link'])).toMatch(/ucb-theirs[^]*docker0/);
    }));

  test('rules are replaced under flows that go on, and a real tap takes part', () =>
    onFabric(async (fabric) => {
      const host = await fabric.host(1);
      const run = runWithin(host.namespace);
      const ports = [port('a', 5, { vtep: host.vtep }), port('b', 6, { vtep: host.vtep })] as const;
      const tap = port('machine', 7, { vtep: host.vtep });
      const shown = (rules: readonly Rule[]): Vpc[] => [
        vpc(1, { ports: [...ports, tap], groups: [group('default', rules)] }),
      ];
      const web: Rule = { direction: 'ingress', protocol: 'tcp', ports: { from: 80, to: 80 } };
      const [a, b] = [await fabric.guest(host, ports[0]), await fabric.guest(host, ports[1])];
      await host.driver.apply(seenFrom(host, 1, shown([web])));
      expect(await run(['ip', '-d', 'link', 'show', 'dev', tapName('machine')])).toMatch(
        /tun type tap[^]*bridge_slave/,
      );
      await b.listens(80);
      const flow = a.starts('nc', '10.0.0.6', '80');
      for (let position = 2; position < 8; position++) {
        const isNew = position % 2 === 0;
        const driver = isNew ? host.restarted() : host.driver;
        host.driver.close();
        await driver.apply(seenFrom(host, position, shown(isNew ? [web, pings] : [web])));
        flow.says(`line ${position}`);
        await flow.until(`line ${position}`);
        driver.close();
      }
    }));

  test('killed at any point, it is as if it had not been', () =>
    onFabric(async (fabric) => {
      const host = await fabric.host(1);
      const program = applying(fabric.directory);
      const ports = [5, 6].map((last) => port(`machine-${last}`, last, { vtep: host.vtep }));
      const networks = [1, 2].map((position) =>
        seenFrom(host, position, [
          vpc(1, { ports, groups: [group('default', position === 1 ? [pings] : [])] }),
          ...(position === 2 ? [vpc(2, { ports: [port('third', 5, { vtep: host.vtep })] })] : []),
        ]),
      );
      const place = { directory: host.directory, namespace: host.namespace };
      const [first, second] = networks;
      if (first === undefined || second === undefined) throw new Error('no networks');
      const file = orders(fabric.directory, { place, networks: [first, second, first, second] });
      for (const delay of [60, 140, 230, 320, 420, 550, 700]) {
        const child = spawn(process.execPath, [program, file], { stdio: 'ignore' });
        const ended = new Promise((resolve) => child.once('exit', resolve));
        await pause(delay);
        child.kill('SIGKILL');
        await ended;
        const driver = host.restarted();
        const network = delay % 20 === 0 ? first : second;
        await driver.apply(network);
        expect(await driver.observe()).toMatchObject({ position: network.position, drift: [] });
        driver.close();
      }
    }));

  test('10,000 rules, and one more', () =>
    onFabric(async (fabric) => {
      const host = await fabric.host(1);
      const ports = [port('a', 5, { vtep: host.vtep }), port('b', 6, { vtep: host.vtep })] as const;
      const many = Array.from({ length: 10_000 }, (_, index): Rule => {
        const cidr = `10.${index % 200}.${Math.floor(index / 200)}.0/24`;
        const from = 1_000 + (index % 5_000);
        return { direction: 'ingress', protocol: 'tcp', ports: { from, to: from + (index % 3) }, peer: { cidr } };
      });
      const shown = (position: number, rules: readonly Rule[]) =>
        seenFrom(host, position, [vpc(1, { ports, groups: [group('default', rules)] })]);
      const [a, b] = [await fabric.guest(host, ports[0]), await fabric.guest(host, ports[1])];
      await b.listens(80);
      const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
        const start = performance.now();
        await work();
        process.stderr.write(`  ${what}: ${Math.round(performance.now() - start)} ms\n`);
      };
      await timed('10,000 rules and all else', () => host.driver.apply(shown(1, many)));
      expect(await a.canConnect('10.0.0.6', 80)).toBe(false);
      const web: Rule = { direction: 'ingress', protocol: 'tcp', ports: { from: 80, to: 80 } };
      await timed('one more rule', () => host.driver.apply(shown(2, [...many, web])));
      expect(await a.canConnect('10.0.0.6', 80)).toBe(true);
      await timed('one rule less', () => host.driver.apply(shown(3, many)));
      expect(await a.canConnect('10.0.0.6', 80)).toBe(false);
      await timed('a new position', () => host.driver.apply(shown(4, many)));
      await timed('a first look for drift', () => host.driver.observe());
      await timed('a look for drift', () => host.driver.observe());
      expect((await loadedRules(runWithin(host.namespace))).position).toBe(4);
    }));
});

const described = mayHaveOwnNetworks() ? describedOnFabric : describe.skip;

described('networks of someone who is not root (needs user namespaces)', () => {
  test('in a user namespace of their own', () =>
    onFabric(async (fabric) => {
      const underlay = { address: '10.200.0.11', interface: 'under' };
      const exit = { kind: 'here', interface: 'under', address: '203.0.113.5/24' } as const;
      const networks = [{ position: 9, underlay, vpcs: [vpc(1, { exit, mtuBytes: 1450 })] }];
      const place = { directory: '/run/networks', dhcpUser: 'keep' } as const;
      const file = orders(fabric.directory, { place, networks, remove: true });
      const words = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...ownNetworks];
      const make = 'ip link add under type veth peer name away && ip link set under up && exec "$@"';
      const [command = '', ...args] = [
        ...words,
        'sh',
        '-ec',
        make,
        'sh',
        process.execPath,
        applying(fabric.directory),
        file,
      ];
      const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toMatchObject({ position: 9, drift: [] });
    }));
});
