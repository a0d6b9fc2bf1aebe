import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Port, Rule } from '#gateways/host/network/host-network';
import { describedOnFabric, eventually, group, onFabric, port, seenFrom, vpc } from '#harness/scenarios/fabric';

jest.setTimeout(60_000);

const pings = { direction: 'ingress', protocol: 'icmp' } as const;

describedOnFabric('networks of tenants on two hosts', () => {
  test('guests of a VPC reach each other across hosts, those of another with the same range do not', () =>
    onFabric(async (fabric) => {
      const [one, two] = [await fabric.host(1), await fabric.host(2)];
      const ipv6 = (last: number): string => `fd00:1::1:aff:fe00:${last}`;
      const groups = [group('default', [pings, { direction: 'ingress', protocol: 'icmpv6' }])];
      const mac = (last: number): string => `02:01:0a:00:00:0${last}`;
      const ends = (name: string) => [
        port(`${name}-a`, 5, { addresses: ['10.0.0.5', ipv6(5)], mac: mac(5), vtep: one.vtep }),
        port(`${name}-b`, 6, { addresses: ['10.0.0.6', ipv6(6)], mac: mac(6), vtep: two.vtep }),
      ];
      const [redA, redB] = ends('red');
      const [blueA] = ends('blue');
      if (redA === undefined || redB === undefined || blueA === undefined) throw new Error('no ports');
      const vpcs = [vpc(1, { groups, ports: [redA, redB] }), vpc(70_000, { groups, ports: [blueA] })];
      const [a, b, other] = [
        await fabric.guest(one, redA),
        await fabric.guest(two, redB),
        await fabric.guest(one, blueA),
      ];
      await one.driver.apply(seenFrom(one, 7, vpcs));
      await two.driver.apply(seenFrom(two, 7, vpcs));
      expect(await one.driver.observe()).toMatchObject({ position: 7, drift: [] });
      expect(await a.canPing('10.0.0.6')).toBe(true);
      expect(await b.canPing('10.0.0.5')).toBe(true);
      await eventually(() => a.canPing(ipv6(6)));
      expect((await a.tries('ping', '-c1', '-W1', '-M', 'do', '-s', '1472', '10.0.0.6')).isFine).toBe(true);
      expect(await a.canPing('10.0.0.1')).toBe(true);
      expect(await other.canPing('10.0.0.6')).toBe(false);
      expect(await other.canPing('10.0.0.1')).toBe(true);
    }));

  test('what a group allows passes, what it allows no more is cut, in either direction', () =>
    onFabric(async (fabric) => {
      const [one, two] = [await fabric.host(1), await fabric.host(2)];
      const ports = [
        port('a', 5, { vtep: one.vtep, groups: ['clients'] }),
        port('b', 6, { vtep: two.vtep, groups: ['servers'] }),
        port('c', 7, { vtep: two.vtep, groups: [] }),
      ] as const;
      const tcp = (from: number, to: number, peer?: Rule['peer']): Rule => ({
        direction: 'ingress',
        protocol: 'tcp',
        ports: { from, to },
        ...(peer === undefined ? {} : { peer }),
      });
      let position = 0;
      const show = async (
        servers: readonly Rule[],
        clients: readonly Rule[] = [],
        members: readonly Port[] = ports,
      ) => {
        position += 1;
        const groups = [group('clients', clients), group('servers', servers)];
        const vpcs = [vpc(1, { groups, ports: members })];
        await two.driver.apply(seenFrom(two, position, vpcs));
        await one.driver.apply(seenFrom(one, position, vpcs));
      };
      const [a, b, c] = [
        await fabric.guest(one, ports[0]),
        await fabric.guest(two, ports[1]),
        await fabric.guest(two, ports[2]),
      ];
      for (const number of [80, 81]) await b.listens(number);

      await show([]);
      expect(await a.canPing('10.0.0.6')).toBe(false);
      expect(await a.canConnect('10.0.0.6', 80)).toBe(false);

      await show([tcp(80, 80, { cidr: '10.0.0.0/28' })]);
      expect(await a.canConnect('10.0.0.6', 80)).toBe(true);
      expect(await a.canConnect('10.0.0.6', 81)).toBe(false);
      // Without a group nothing is sent either.
      expect(await c.canConnect('10.0.0.6', 80)).toBe(false);

      // What goes both ways at once, when its rule goes, and an other that stays allowed.
      await show([tcp(80, 80, { group: 'clients' }), tcp(81, 81)]);
      const open = [a.starts('nc', '10.0.0.6', '80'), a.starts('nc', '10.0.0.6', '81')] as const;
      for (const flow of open) flow.says('before');
      for (const flow of open) await flow.until('before');
      await show([tcp(81, 81)]);
      for (const flow of open) flow.says('after');
      await open[1].until('after');
      await pause(700);
      expect(open[0].output()).not.toContain('after');
      expect(await a.canConnect('10.0.0.6', 80)).toBe(false);

      // Allowed again, the same flow goes on.
      await show([tcp(80, 81)]);
      await open[0].until('after');

      // A member that leaves the group which a rule is about.
      await show([tcp(80, 81, { group: 'clients' })]);
      const [, other, last] = ports;
      await show([tcp(80, 81, { group: 'clients' })], [], [{ ...ports[0], groups: ['servers'] }, other, last]);
      for (const flow of open) flow.says('left');
      await pause(700);
      expect(open.map((flow) => flow.output().includes('left'))).toEqual([false, false]);

      // Egress of the asking side alone.
      const denied = [vpc(1, { groups: [{ id: 'clients', rules: [] }, group('servers', [tcp(1, 65_535)])], ports })];
      await one.driver.apply(seenFrom(one, 100, denied));
      await two.driver.apply(seenFrom(two, 100, denied));
      expect(await a.canConnect('10.0.0.6', 80)).toBe(false);
    }));

  test('a guest is nobody else: MAC, IPv4, IPv6, ARP', () =>
    onFabric(async (fabric) => {
      const host = await fabric.host(1);
      const rules: readonly Rule[] = [{ direction: 'ingress', protocol: 'any' }];
      const ipv6 = 'fd00:1::1:aff:fe00:5';
      const ports = [
        port('a', 5, { addresses: ['10.0.0.5', ipv6], vtep: host.vtep }),
        port('b', 6, { addresses: ['10.0.0.6', 'fd00:1::1:aff:fe00:6'], vtep: host.vtep }),
      ] as const;
      const [a, b] = [await fabric.guest(host, ports[0]), await fabric.guest(host, ports[1])];
      await host.driver.apply(seenFrom(host, 1, [vpc(1, { groups: [group('default', rules)], ports })]));
      const seen = b.starts('tcpdump', '-lnei', 'eth0');
      await seen.until('listening');
      await eventually(() => a.canPing('fd00:1::1:aff:fe00:6'));
      expect(await a.canPing('10.0.0.6')).toBe(true);

      await a.runs('ip', 'addr', 'add', '10.0.0.66/24', 'dev', 'eth0');
      await a.tries('ping', '-c1', '-W1', '-I', '10.0.0.66', '10.0.0.6');
      await a.runs('ip', 'addr', 'add', 'fd00:1::66/64', 'nodad', 'dev', 'eth0');
      await a.tries('ping', '-c1', '-W1', '-I', 'fd00:1::66', 'fd00:1::1:aff:fe00:6');
      await a.tries('busybox', 'arping', '-c1', '-w1', '-U', '-s', '10.0.0.66', '10.0.0.66');
      expect(seen.output()).toContain('10.0.0.5 > 10.0.0.6');
      await a.runs('ip', 'neigh', 'replace', '10.0.0.6', 'lladdr', ports[1].mac, 'dev', 'eth0');
      await a.runs('ip', 'link', 'set', 'eth0', 'address', '02:01:0a:00:00:99');
      await a.tries('ping', '-c1', '-W1', '10.0.0.6');
      await a.runs('ip', 'link', 'set', 'eth0', 'address', ports[0].mac);
      // What came last shows that all before it would have been seen.
      expect((await a.tries('ping', '-c1', '-W1', '-s', '77', '10.0.0.6')).isFine).toBe(true);
      await seen.until('length 85');
      expect(seen.output()).not.toContain('10.0.0.66');
      expect(seen.output()).not.toContain('fd00:1::66');
      expect(seen.output()).not.toContain('02:01:0a:00:00:99');
    }));

  test('a guest is not the DHCP server, and not the router', () =>
    onFabric(async (fabric) => {
      const [one, two] = [await fabric.host(1), await fabric.host(2)];
      const rules: readonly Rule[] = [{ direction: 'ingress', protocol: 'any' }];
      const ports = [
        port('rogue', 5, { vtep: one.vtep }),
        // Without an IPv4 address the VPC's own server has nothing for it.
        port('victim', 6, { vtep: two.vtep, addresses: [] }),
      ] as const;
      const rogue = await fabric.guest(one, ports[0]);
      const victim = await fabric.guest(two, ports[1], { dhcp: true });
      const vpcs = [vpc(1, { groups: [group('default', rules)], ports })];
      for (const host of [one, two]) await host.driver.apply(seenFrom(host, 1, vpcs));
      const log = join(fabric.directory, 'rogue.log');
      const server = [
        'dnsmasq',
        '-k',
        '--conf-file=/dev/null',
        '--port=0',
        '--leasefile-ro',
        '--no-ping',
        '--user=root',
        '--log-dhcp',
      ];
      const ranges = ['--dhcp-range=10.0.0.90,10.0.0.99', '--enable-ra', '--dhcp-range=fd00:66::,ra-only'];
      await rogue.runs('ip', 'addr', 'add', 'fd00:66::1/64', 'nodad', 'dev', 'eth0');
      rogue.starts(...server, ...ranges, '--interface=eth0', `--log-facility=${log}`);
      await eventually(() => existsSync(log) && readFileSync(log, 'utf8').includes('RTR-ADVERT'));
      const lease = await victim.tries(
        'busybox',
        'udhcpc',
        '-i',
        'eth0',
        '-n',
        '-q',
        '-t',
        '3',
        '-T',
        '1',
        '-s',
        '/bin/true',
      );
      expect(readFileSync(log, 'utf8')).toContain('DHCPOFFER');
      expect(lease.isFine).toBe(false);
      expect(await victim.runs('ip', 'addr', 'show', 'dev', 'eth0')).not.toContain('fd00:66');
    }));
});
