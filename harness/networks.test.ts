import type { AnyCommand } from '#commands/command';
import type { Facts, IdRange, IndexQuery, Kind } from '#aggregates/facts';
import { addressBlock } from '#aggregates/prismnet/address-block';
import { addressBlockKind } from '#aggregates/prismnet/addresses';
import { hasBit, noBits, setBits, withoutBit } from '#aggregates/prismnet/bitmap';
import {
  portKind,
  quarantineMs,
  securityGroupKind,
  subnetKind,
  vpcKind,
  type Port,
  type Subnet,
} from '#aggregates/prismnet/network';
import type { NetworkNumber } from '#aggregates/prismnet/network-number';
import { port } from '#aggregates/prismnet/port';
import { securityGroup } from '#aggregates/prismnet/security-group';
import { subnet } from '#aggregates/prismnet/subnet';
import { vpc } from '#aggregates/prismnet/vpc';
import { placeOf } from '#aggregates/prismnet/addresses';
import { inUse, usageKey } from '#aggregates/quota';
import { catalog } from '#gateways/catalog';
import { administrator } from '#gateways/server/policy';
import { authorityOf, systemPrincipal } from '#log/authority';
import { encodeEntry } from '#log/entry';
import { factsOf } from '#log/facts';
import { vocabularyOf } from '#log/vocabulary';
import { factsHolding, held, type Held } from '#harness/facts';
import { randomOf, type Random } from '#harness/simulator/random';
import { replica, type Replica } from '#harness/simulator/replica';

const vocabulary = vocabularyOf(catalog);
const policy = authorityOf(vocabulary);
const all = { from: '', limit: 10_000 };

/** A network that lives: commands come, and time goes by. */
interface Life {
  readonly node: Replica;
  readonly facts: Facts;
  nowMs: number;
  /** What it came to: a code, or `accepted`. */
  run(kind: string, id: string, body?: unknown): string;
}

const lifeOf = (): Life => {
  const node = replica('one', vocabulary, policy);
  const life: Life = {
    node,
    facts: factsOf(node.rows),
    nowMs: 1_700_000_000_000,
    run: (kind, id, body = {}) => {
      const position = node.head.position + 1;
      const principal = vocabulary.commands.get(kind)?.internal === true ? systemPrincipal : administrator.name;
      const entry = {
        ...({ kind, id, body } satisfies AnyCommand),
        ...{ principal, credential: 'test', source: 'laws', address: '' },
        ...{ stampedAtMs: life.nowMs, submission: String(position) },
      };
      const [outcome] = node.apply([{ position, appendedAtMs: life.nowMs, bytes: encodeEntry(entry) }]);
      return outcome?.result.status === 'rejected' ? outcome.result.code : (outcome?.result.status ?? 'nothing');
    },
  };
  for (const [kind, id, body] of [
    ['organisation.create', 'acme', {}],
    ['project.create', 'shop', { organisation: 'acme' }],
  ] as const) {
    expect(life.run(kind, id, body)).toBe('accepted');
  }
  return life;
};

const vpcs = ['shop/a', 'shop/b', 'shop/c'];
const subnets: readonly (readonly [id: string, body: object])[] = [
  ['shop/tiny', { vpc: 'shop/a', cidr: '10.0.0.0/29' }],
  ['shop/half', { vpc: 'shop/a', cidr: '10.0.0.128/25', gateway: '10.0.0.200', ipv6: 'fd00::/64' }],
  ['shop/wide', { vpc: 'shop/a', cidr: '10.4.0.0/21' }],
  ['shop/same', { vpc: 'shop/b', cidr: '10.0.0.0/16', ipv6: 'fd00::/64' }],
  ['shop/over', { vpc: 'shop/a', cidr: '10.0.0.0/8' }],
];
const addresses = [
  '10.0.0.2',
  '10.0.0.3',
  '10.0.0.130',
  '10.4.1.0',
  '10.4.7.254',
  '10.4.3.9',
  '10.0.200.1',
  '10.4.5.5',
];
const macs = ['52:54:00:00:00:01', '52:54:00:00:00:02', '02:01:0a:00:00:02'];

const step = (life: Life, random: Random): string => {
  const portId = `shop/p${random.under(60)}`;
  const one = random.under(100);
  if (one < 5) return life.run('vpc.create', random.pick(vpcs));
  if (one < 7) return life.run('vpc.delete', random.pick(vpcs));
  if (one < 14) return life.run('subnet.create', ...random.pick(subnets));
  if (one < 16) return life.run('subnet.delete', random.pick(subnets)[0]);
  if (one < 60) {
    return life.run('port.create', portId, {
      subnet: random.pick(subnets)[0],
      ...(random.chance(0.3) ? { address: random.pick(addresses) } : {}),
      ...(random.chance(0.1) ? { mac: random.pick(macs) } : {}),
    });
  }
  if (one < 85) return life.run('port.delete', portId);
  if (one < 88) return life.run('port.attach', portId, { attachedTo: 'vm/shop/a', epoch: random.under(3) });
  if (one < 91) return life.run('port.detach', portId, { epoch: random.under(3) });
  if (one < 93) return life.run('security-group.create', 'shop/web', { vpc: random.pick(vpcs) });
  if (one < 94) return life.run('security-group.delete', 'shop/web');
  // What may go wrong inside must not come about from outside either.
  if (one < 95) return life.run('address-block.release', 'subnet/shop/wide/00000', { offset: random.under(9) });
  if (one < 96) return life.run('address-block.take', 'subnet/shop/wide/00000', { offset: random.under(9) });
  if (one < 97) return life.run('network-number.release', '00000001');
  life.nowMs += random.pick([1, 1_000, quarantineMs / 2, quarantineMs]);
  return life.run('clock.advance', '');
};

const repeated = (texts: readonly string[]): readonly string[] =>
  texts.filter((text, at) => texts.indexOf(text) !== at);

const ports = (facts: Facts) => facts.range(portKind, all);

/** What of the laws is broken; nothing, one hopes. */
const broken = (facts: Facts, nowMs: number): readonly string[] => {
  const there = ports(facts);
  const nets = facts.range(vpcKind, all);
  const ranges = facts.range(subnetKind, all);
  const blocks = facts.range(addressBlockKind, all);
  const numbers = facts.range<NetworkNumber>({ noun: 'network-number' }, all);
  const placed = there.map(({ state }) => {
    const range = facts.get(subnetKind, state.subnet)?.state;
    const place = range === undefined ? undefined : placeOf(range, state.address);
    return place === undefined
      ? `${state.address} outside ${state.subnet}`
      : `subnet/${state.subnet} ${place.number} ${place.offset}`;
  });
  const taken = blocks.flatMap(({ state }) =>
    setBits(state.taken)
      .filter((offset) => !hasBit(state.reserved, offset))
      .map((offset) => `${state.holder} ${state.number} ${offset}`),
  );
  const resting = blocks.flatMap(({ state }) =>
    state.resting.filter(({ until }) => until > nowMs).map(({ offset }) => `${state.holder} ${state.number} ${offset}`),
  );
  return [
    ...repeated(there.map(({ state }) => `${state.vpc} ${state.address}`)).map((one) => `address twice: ${one}`),
    ...repeated(there.map(({ state }) => `${state.vpc} ${state.ipv6 ?? state.mac}`)).map((one) => `IPv6 twice: ${one}`),
    ...repeated(there.map(({ state }) => `${state.vpc} ${state.mac}`)).map((one) => `MAC twice: ${one}`),
    ...repeated(nets.map(({ state }) => String(state.number))).map((one) => `number twice: ${one}`),
    ...(taken.sort().join() === placed.sort().join() ? [] : [`taken ${taken.join()}, there ${placed.join()}`]),
    ...resting.filter((one) => placed.includes(one)).map((one) => `rests and is used: ${one}`),
    ...numbers
      .filter(({ state }) => state.vpc !== undefined && facts.get(vpcKind, state.vpc)?.state.number !== state.number)
      .map(({ id }) => `number of nobody: ${id}`),
    ...nets
      .filter(({ id, state }) => numbers.find((one) => one.state.number === state.number)?.state.vpc !== id)
      .map(({ id }) => `no number: ${id}`),
    ...nets
      .filter(({ id }) => facts.get(securityGroupKind, id)?.state.ofVpc !== true)
      .map(({ id }) => `no group: ${id}`),
    ...blocks
      .filter(({ state: { holder, number, gap } }, at) => {
        const next = blocks[at + 1]?.state;
        return next?.holder === holder && gap !== next.number - number - 1;
      })
      .map(({ id }) => `wrong gap: ${id}`),
    ...blocks
      .filter(({ state }) => facts.get(subnetKind, state.holder.slice('subnet/'.length)) === undefined)
      .map(({ id }) => `block of nobody: ${id}`),
    ...(
      [
        ['vpcs', nets.length],
        ['subnets', ranges.length],
        ['ports', there.length],
        ['securityGroups', facts.range(securityGroupKind, all).length],
      ] as const
    )
      .filter(([what, count]) => facts.sum(inUse, usageKey('shop', what)) !== count)
      .map(([what]) => `counted wrong: ${what}`),
  ];
};

describe('after any history', () => {
  test.each([1, 2, 3, 4])('nothing is given twice, and what is taken is what is there (seed %i)', (seed) => {
    const life = lifeOf();
    const random = randomOf(seed);
    const seen = new Map<string, number>();
    /** When the address was last had, by the VPC and the address. */
    const lastHad = new Map<string, { readonly id: string; readonly createPosition: number; readonly nowMs: number }>();
    for (let at = 0; at < 1_200; at++) {
      const code = step(life, random);
      seen.set(code, (seen.get(code) ?? 0) + 1);
      expect(code).not.toBe('command.poisoned');
      expect(broken(life.facts, life.nowMs)).toEqual([]);
      for (const { id, createPosition, state } of ports(life.facts)) {
        const before = lastHad.get(`${state.subnet} ${state.address}`);
        if (before !== undefined && before.createPosition !== createPosition) {
          // A subnet that is made again begins anew.
          const madeAt = life.facts.get(subnetKind, state.subnet)?.createPosition ?? 0;
          if (madeAt < before.createPosition) expect(life.nowMs - before.nowMs).toBeGreaterThanOrEqual(quarantineMs);
        }
        lastHad.set(`${state.subnet} ${state.address}`, { id, createPosition, nowMs: life.nowMs });
      }
    }
    for (const code of ['accepted', 'port.addressTaken', 'port.addressResting', 'subnet.overlapping', 'vpc.inUse']) {
      expect([code, seen.get(code)]).toEqual([code, expect.any(Number)]);
    }
  });

  test('everything can be given back', () => {
    const life = lifeOf();
    const random = randomOf(9);
    for (let at = 0; at < 600; at++) step(life, random);
    for (const { id, state } of ports(life.facts)) {
      if (state.epoch !== undefined) expect(life.run('port.detach', id, { epoch: state.epoch })).toBe('accepted');
      expect(life.run('port.delete', id)).toBe('accepted');
    }
    life.nowMs += quarantineMs;
    for (let at = 0; at < 3; at++) life.run('clock.advance', '');
    expect(life.facts.range(addressBlockKind, all)).toEqual([]);
    for (const { id } of life.facts.range(subnetKind, all)) expect(life.run('subnet.delete', id)).toBe('accepted');
    life.run('security-group.delete', 'shop/web');
    for (const { id } of life.facts.range(vpcKind, all)) expect(life.run('vpc.delete', id)).toBe('accepted');
    expect(life.facts.range(securityGroupKind, all)).toEqual([]);
    expect(life.run('project.delete', 'shop')).toBe('accepted');
  });

  test('a subnet gives every address that it has, and no more', () => {
    const life = lifeOf();
    life.run('quota.set', 'shop', { ports: 5_000 });
    life.run('vpc.create', 'shop/a');
    life.run('subnet.create', 'shop/wide', { vpc: 'shop/a', cidr: '10.4.0.0/22', gateway: '10.4.2.1' });
    expect(life.run('port.create', 'shop/far', { subnet: 'shop/wide', address: '10.4.3.7' })).toBe('accepted');
    const codes = Array.from({ length: 1_021 }, (_, at) =>
      life.run('port.create', `shop/p${at}`, { subnet: 'shop/wide' }),
    );
    expect(codes.indexOf('subnet.exhausted')).toBe(1_020);
    expect(broken(life.facts, life.nowMs)).toEqual([]);
    life.run('port.delete', 'shop/p500');
    expect(life.run('port.create', 'shop/next', { subnet: 'shop/wide' })).toBe('subnet.exhausted');
    life.nowMs += quarantineMs;
    expect(life.run('port.create', 'shop/next', { subnet: 'shop/wide' })).toBe('accepted');
  }, 60_000);
});

/** Facts that count the rows that they give. */
const counting = (facts: Facts): { readonly facts: Facts; readonly rows: () => number } => {
  let rows = 0;
  const seen = <A>(found: readonly A[]): readonly A[] => {
    rows += 1 + found.length;
    return found;
  };
  return {
    rows: () => rows,
    facts: {
      get: <S>(kind: Kind<S>, id: string) => (rows++, facts.get(kind, id)),
      range: <S>(kind: Kind<S>, range: IdRange) => seen(facts.range(kind, range)),
      index: (name: string, query: IndexQuery) => seen(facts.index(name, query)),
      count: (name, key) => (rows++, facts.count(name, key)),
      sum: (name, key) => (rows++, facts.sum(name, key)),
    },
  };
};

describe('an address is found by a few rows', () => {
  const full = 'f'.repeat(64);
  const block = (number: number, taken = full, more = {}): Held =>
    held(addressBlock, `subnet/shop/wide/${String(number).padStart(5, '0')}`, {
      ...{ holder: 'subnet/shop/wide', number, reserved: noBits, taken, resting: [], gap: 0 },
      ...more,
    });
  const network = (...blocks: readonly Held[]): readonly Held[] => [
    held(vpc, 'shop/a', { number: 1 }),
    held(securityGroup, 'shop/a', { vpc: 'shop/a' as Port['vpc'], ofVpc: true, rules: {} }),
    held(subnet, 'shop/wide', { vpc: 'shop/a', cidr: '10.4.0.0/16', gateway: '10.4.0.1' } as Subnet),
    ...blocks,
  ];
  const moment = { position: 9, now: 1, level: 1, principal: '', credential: '', address: '' };
  const rowsFor = (objects: readonly Held[], body = {}): readonly [found: unknown, rows: number] => {
    const { facts, rows } = counting(factsHolding(objects));
    const command = { kind: 'port.create', id: 'shop/p', body: { subnet: 'shop/wide', ...body } };
    const decided = port.decide(undefined, command as Parameters<typeof port.decide>[1], facts, moment);
    const [event] = decided._tag === 'Right' ? decided.right : [];
    return [event === undefined ? decided : (event.body as Port).address, rows()];
  };
  const blocks = (count: number): readonly Held[] => Array.from({ length: count }, (_, number) => block(number));
  const most = 16;

  test.each([
    ['empty', network(), '10.4.0.2'],
    ['almost full', network(...blocks(255), block(255, withoutBit(full, 9))), '10.4.255.9'],
    ['full but for a block', network(...blocks(254), block(254, full, { gap: 1 })), '10.4.255.0'],
    [
      'resting',
      network(...blocks(255), block(255, withoutBit(full, 9), { resting: [{ offset: 9, until: 1 }] })),
      '10.4.255.9',
    ],
  ])('in a /16 that is %s', (_, objects, address) => {
    const [found, rows] = rowsFor(objects);
    expect(found).toBe(address);
    expect(rows).toBeLessThanOrEqual(most);
    expect(rowsFor(objects, { address })).toEqual([address, expect.any(Number)]);
    expect(rowsFor(objects, { address })[1]).toBeLessThanOrEqual(most);
  });

  test('in a /16 that is full', () => {
    const [found, rows] = rowsFor(network(...blocks(256)));
    expect(found).toMatchObject({ left: { code: 'subnet.exhausted' } });
    expect(rows).toBeLessThanOrEqual(most);
  });
});
