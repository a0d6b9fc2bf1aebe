import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestData } from '#gateways/host/network/metadata';
import { describedOnFabric, eventually, group, onFabric, port, seenFrom, vpc } from '#harness/scenarios/fabric';

jest.setTimeout(60_000);

/** Takes the address that it is given, and keeps all else that came with it. */
const leaseScript = (file: string): string => `#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
ip route add default via "$router"
env | grep -E '^(ip|mask|router|dns|domain|mtu|staticroutes|hostname|lease|serverid)=' | sort > ${file}
`;

describedOnFabric('what a network gives to its guests', () => {
  test('an address with its options, a prefix, and what a guest is to know about itself', () =>
    onFabric(async (fabric) => {
      const data = (portId: string): GuestData => ({
        metaData: `instance-id: ${portId}\n`,
        userData: '#cloud-config\n',
      });
      const [one, two] = [await fabric.host(1, data), await fabric.host(2, data)];
      const dhcp = { nameServers: ['10.0.0.53'], domain: 'shop.example' };
      const ipv6 = { cidr: 'fd00:1::/64', gateway: 'fd00:1::1' };
      const subnets = [
        { cidr: '10.0.0.0/24', gateway: '10.0.0.1', ipv6, dhcp },
        { cidr: '10.9.0.0/22', gateway: '10.9.0.1', dhcp: { nameServers: [] } },
      ];
      const ports = [
        port('a', 5, { vtep: one.vtep, hostname: 'web1', addresses: ['10.0.0.5', 'fd00:1::1:aff:fe00:5'] }),
        port('b', 6, { vtep: two.vtep, addresses: ['10.9.1.6'] }),
      ] as const;
      const groups = [group('default', [{ direction: 'ingress', protocol: 'icmp' }])];
      const strange = port('c', 7, { vtep: one.vtep });
      const vpcs = [
        vpc(1, { mtuBytes: 1450, subnets, ports, groups }),
        vpc(2, { subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1', dhcp }], ports: [strange], groups }),
      ];
      const guests = [
        await fabric.guest(one, ports[0], { dhcp: true }),
        await fabric.guest(two, ports[1], { dhcp: true }),
      ] as const;
      const stranger = await fabric.guest(one, strange, { gateway: '10.0.0.1' });
      for (const host of [one, two]) await host.driver.apply(seenFrom(host, 1, vpcs));

      const lease = async (guest: (typeof guests)[number], name: string): Promise<string> => {
        const [script, file] = [join(fabric.directory, `${name}.sh`), join(fabric.directory, `${name}.lease`)];
        writeFileSync(script, leaseScript(file));
        chmodSync(script, 0o755);
        const options = ['-O', 'mtu', '-O', 'staticroutes'];
        await guest.runs('busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-T', '1', ...options, '-s', script);
        return readFileSync(file, 'utf8');
      };
      expect(await lease(guests[0], 'a')).toBe(
        'dns=10.0.0.53\ndomain=shop.example\nhostname=web1\nip=10.0.0.5\nlease=3600\nmask=24\nmtu=1450\n' +
          'router=10.0.0.1\nserverid=10.0.0.1\nstaticroutes=169.254.169.254/32 10.0.0.1 0.0.0.0/0 10.0.0.1\n',
      );
      expect(await lease(guests[1], 'b')).toMatch(/^ip=10.9.1.6\nlease=3600\nmask=22\nmtu=1450\nrouter=10.9.0.1\n/m);
      // From one subnet to the other, through the gateway that is on each host.
      expect(await guests[0].canPing('10.9.1.6')).toBe(true);
      await eventually(async () =>
        (await guests[0].runs('ip', '-6', 'addr', 'show', 'dev', 'eth0')).includes('fd00:1::1:aff:fe00:5/64'),
      );

      const ask = (guest: typeof stranger, path: string) =>
        guest.tries('timeout', '3', 'busybox', 'wget', '-q', '-O', '-', `http://169.254.169.254/${path}`);
      expect(await ask(guests[0], 'meta-data')).toEqual({ isFine: true, output: 'instance-id: a\n' });
      expect(await ask(guests[0], 'user-data')).toEqual({ isFine: true, output: '#cloud-config\n' });
      expect(await ask(guests[1], 'meta-data')).toEqual({ isFine: true, output: 'instance-id: b\n' });
      expect(await ask(stranger, 'meta-data')).toEqual({ isFine: true, output: 'instance-id: c\n' });
      expect((await ask(guests[0], 'nothing')).isFine).toBe(false);
      // What was not handed out is known to nobody.
      await guests[0].runs('ip', 'addr', 'add', '10.0.0.50/24', 'dev', 'eth0');
      expect((await guests[0].tries('nc', '-z', '-w1', '-s', '10.0.0.50', '169.254.169.254', '80')).isFine).toBe(false);

      // A server that is gone comes back, and one that runs is kept by the next agent.
      const pid = Number(readFileSync(join(one.directory, 'dhcp-1', 'pid'), 'utf8'));
      one.driver.close();
      const next = one.restarted();
      await next.apply(seenFrom(one, 2, vpcs));
      expect(Number(readFileSync(join(one.directory, 'dhcp-1', 'pid'), 'utf8'))).toBe(pid);
      process.kill(pid, 'SIGKILL');
      await eventually(async () => (await next.observe()).drift.includes('no DHCP server of VPC 1'));
      await next.apply(seenFrom(one, 3, vpcs));
      expect(await next.observe()).toMatchObject({ position: 3, drift: [] });
    }));

  test('a way out for all, and one address from outside for each that has a floating IP, from any host', () =>
    onFabric(async (fabric) => {
      const [one, two] = [await fabric.host(1), await fabric.host(2)];
      const world = await fabric.outside(one, 'world', '203.0.113.1/24');
      const ports = [port('a', 5, { vtep: one.vtep }), port('b', 6, { vtep: two.vtep })] as const;
      const here = { kind: 'here', interface: 'world', address: '203.0.113.5/24', nextHop: '203.0.113.1' } as const;
      const there = { kind: 'there', vtep: one.vtep } as const;
      const groups = [group('default', [{ direction: 'ingress', protocol: 'tcp', ports: { from: 80, to: 80 } }])];
      const floatingIps = [{ external: '203.0.113.60', internal: '10.0.0.6' }];
      const show = async (position: number, floating: typeof floatingIps) => {
        const all = { groups, ports, floatingIps: floating };
        await one.driver.apply(seenFrom(one, position, [vpc(1, { ...all, exit: here })]));
        await two.driver.apply(seenFrom(two, position, [vpc(1, { ...all, exit: there })]));
      };
      const a = await fabric.guest(one, ports[0], { gateway: '10.0.0.1' });
      const b = await fabric.guest(two, ports[1], { gateway: '10.0.0.1' });
      await show(1, floatingIps);
      for (const guest of [a, b]) await guest.listens(80);
      await world.listens(80);
      const seen = world.starts('tcpdump', '-lni', 'eth0', 'icmp');
      await seen.until('listening');
      await eventually(() => a.canPing('203.0.113.1'));
      await seen.until('203.0.113.5 > 203.0.113.1');
      expect(await b.canPing('203.0.113.1')).toBe(true);
      await seen.until('203.0.113.60 > 203.0.113.1');
      expect(await b.canConnect('203.0.113.1', 80)).toBe(true);

      expect(await world.canConnect('203.0.113.60', 80)).toBe(true);
      // Neither what the group does not allow, nor a guest without an address outside, nor the gateway itself.
      expect(await world.canConnect('203.0.113.60', 81)).toBe(false);
      await world.runs('ip', 'route', 'add', '10.0.0.0/24', 'via', '203.0.113.5');
      expect(await world.canConnect('10.0.0.5', 80)).toBe(false);
      expect(await world.canConnect('203.0.113.5', 80)).toBe(false);

      const open = world.starts('nc', '203.0.113.60', '80');
      open.says('before');
      await open.until('before');
      await show(2, []);
      open.says('after');
      expect(await world.canConnect('203.0.113.60', 80)).toBe(false);
      expect(open.output()).not.toContain('after');
      expect(await b.canPing('203.0.113.1')).toBe(true);
      for (const host of [one, two]) expect(await host.driver.observe()).toMatchObject({ position: 2, drift: [] });
    }));
});
