import { startStage, type Person, type Stage } from '#harness/authorisation/stage';

let stage: Stage;
let owner: Person;
let stranger: Person;
let portOnly: Person;
beforeAll(async () => {
  stage = await startStage();
  owner = await stage.person('olga', 'acme', { role: 'owner', project: 'shop' });
  stranger = await stage.person('otto', 'rival', { role: 'owner', organisation: 'rival' });
  await stage.act('role.create', 'acme/ports', { permissions: ['port.read'] });
  portOnly = await stage.person('paul', 'acme', { role: 'acme/ports', project: 'shop' });
  await stage.act('port.create', 'shop/a', { subnet: 'shop/front' });
});
afterAll(() => stage.stop());

const trace = (query: string, person: Person | undefined = owner) =>
  stage.call(person, 'GET', `/v1/network/trace?${query}`);

const https = 'from=port/shop/a&to=port/shop/web1&protocol=tcp&port=443';

test('a trace says which rule decides, now and at a past position', async () => {
  const before = await trace(https);
  expect([before.status, before.json]).toEqual([
    200,
    {
      from: { port: 'shop/a', address: '10.0.1.3' },
      to: { port: 'shop/web1', address: '10.0.1.2' },
      passes: false,
      steps: [
        { at: 'route', passes: true, reason: 'link' },
        {
          ...{ at: 'egress', passes: true, reason: 'rule', port: 'shop/a', securityGroups: ['shop/main'] },
          ...{ securityGroup: 'shop/main', rule: 'out' },
        },
        { at: 'ingress', passes: false, reason: 'noRule', port: 'shop/web1', securityGroups: ['shop/web'] },
      ],
    },
  ]);
  const opened = await stage.act('security-group.addRule', 'shop/web', {
    ...{ rule: 'https', direction: 'ingress', protocol: 'tcp', fromPort: 443 },
  });
  expect((await trace(https)).json).toMatchObject({ passes: true });
  expect((await trace(`${https}&at=${opened - 1}`)).json).toEqual(before.json);
  expect((await trace(https.replace('443', '80'))).json).toMatchObject({ passes: false });
  expect((await trace('from=10.0.1.3&to=port/shop/web1&protocol=tcp&port=443')).json).toMatchObject({
    from: { port: 'shop/a' },
    passes: true,
  });
});

test.each([
  ['nobody', 'protocol=icmp&from=port/shop/a&to=10.0.1.77'],
  ['noRoute', 'protocol=icmp&from=port/shop/a&to=192.0.2.1'],
])('a packet that goes nowhere: %s', async (reason, query) => {
  expect((await trace(query)).json).toMatchObject({ passes: false, steps: [{ at: 'route', passes: false, reason }] });
});

test.each([
  ['from', 'to=port/shop/a&protocol=icmp'],
  ['to', 'from=port/shop/a&protocol=icmp'],
  ['protocol', 'from=port/shop/a&to=port/shop/a'],
  ['protocol', 'from=port/shop/a&to=port/shop/a&protocol=sctp'],
  ['port', 'from=port/shop/a&to=port/shop/a&protocol=tcp'],
  ['port', 'from=port/shop/a&to=port/shop/a&protocol=tcp&port=0'],
  ['port', 'from=port/shop/a&to=port/shop/a&protocol=icmp&port=1'],
  ['from', 'from=10.0.0.1&to=10.0.0.2&protocol=icmp'],
  ['from', 'from=vm/shop/a&to=port/shop/a&protocol=icmp'],
  ['to', 'from=port/shop/a&to=port/shop&protocol=icmp'],
  ['to', 'from=port/shop/a&to=10.0.0.01&protocol=icmp'],
  ['at', `${https}&at=999999`],
])('a problem with %s in %s', async (path, query) => {
  const { status, json } = await trace(query);
  expect([status, json['problems']]).toEqual([400, [expect.objectContaining({ path })]]);
});

test('a port that is not there is absent', async () => {
  expect(await trace(https.replace('shop/a', 'shop/none'))).toMatchObject({
    status: 404,
    json: { code: 'port.absent', category: 'absent' },
  });
});

test('a trace shows nobody more than they may read', async () => {
  expect(await trace(https, stranger)).toMatchObject({ status: 404, json: { code: 'object.absent' } });
  // A port of another project does not even show whether it exists.
  const foreign = await trace('from=port/den/web1&to=port/shop/web1&protocol=icmp');
  const nothing = await trace('from=port/den/nothing&to=port/shop/web1&protocol=icmp');
  expect(foreign.json['code']).toBe('object.absent');
  expect(nothing.json['code']).toBe('object.absent');
  // Whoever may read ports, and not groups, does not learn rules.
  expect(await trace(https, portOnly)).toMatchObject({ status: 404, json: { code: 'object.absent' } });
});
