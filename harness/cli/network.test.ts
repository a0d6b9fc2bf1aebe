import { openStage, type Stage } from '#harness/cli/command';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  for (const line of [
    'organisation create acme',
    'project create shop --organisation acme',
    'vpc create shop/main',
    'subnet create shop/front --vpc shop/main --cidr 10.0.1.0/24',
    'security-group create shop/web --vpc shop/main',
    'port create shop/web1 --subnet shop/front --security-groups shop/web',
    'port create shop/a --subnet shop/front',
  ]) {
    expect([line, (await stage.run(line.split(' '))).exitCode]).toEqual([line, 0]);
  }
}, 90_000);
afterAll(async () => stage?.close(), 60_000);

jest.setTimeout(60_000);

const trace = (...more: readonly string[]) =>
  stage.run(['network', 'trace', '--from', 'port/shop/a', '--to', 'port/shop/web1', ...more]);

test('a trace says in words which rule decides, before and after', async () => {
  const before = await trace('--port', '443');
  expect(before.exitCode).toBe(1);
  expect(before.stdout).toContain('does not pass');
  expect(before.stdout).toMatch(/egress +shop\/a +yes +rule out of shop\/main lets it out/);
  expect(before.stdout).toMatch(/ingress +shop\/web1 +no +no rule of its security groups lets it in \(shop\/web\)/);
  const added = await stage.run(
    'security-group add-rule shop/web https --direction ingress --protocol tcp --from-port 443 -o json'.split(' '),
  );
  const { position } = JSON.parse(added.stdout) as { readonly position: number };
  const after = await trace('--port', '443');
  expect([after.exitCode, after.stderr]).toEqual([0, '']);
  expect(after.stdout).toMatch(/ingress +shop\/web1 +yes +rule https of shop\/web lets it in/);
  expect((await trace('--port', '443', '--at', String(position - 1))).exitCode).toBe(1);
  expect((await trace('--port', '443', '-o', 'name')).stdout.trim()).toBe('passes');
});

test.each([
  [['--protocol', 'icmp', '--to', '192.0.2.1'], 'the address is outside the VPC, and no route leads there'],
  [['--protocol', 'icmp', '--to', '10.0.1.99'], 'the address is of the VPC, and no port has it'],
  [['--protocol', 'icmp', '--to', 'fd00::1'], 'one of them has no IPv6 address'],
])('a trace of %j says: %s', async (more, sentence) => {
  const { exitCode, stdout } = await trace(...more);
  expect([exitCode, stdout]).toEqual([1, expect.stringContaining(sentence)]);
});

test('a trace without a port of TCP is told what is missing', async () => {
  const { exitCode, stderr } = await trace();
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('port')]);
});

test('a trace of what is not there is absent', async () => {
  expect((await trace('--protocol', 'icmp', '--to', 'port/shop/none')).exitCode).toBe(4);
});
