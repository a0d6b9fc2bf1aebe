import { runCommand } from '#harness/cli/command';
import { startTestApi, type TestApi } from '#harness/http';
import { systemPrincipal } from '#log/authority';

/** What people see of credits, as docs/operating/credits.md tells it. */
jest.setTimeout(120_000);

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const run = async (line: string) => {
  const environment = {
    ULTRACLOUD_ENDPOINT: `http://127.0.0.1:${api.gateway.port}`,
    ULTRACLOUD_TOKEN: api.node.token,
  };
  return runCommand(line.split(' '), { environment });
};

const done = async (line: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(line);
  expect([line, exitCode, stderr]).toEqual([line, 0, '']);
  return stdout;
};

/** As a procedure does what makes a machine. */
const follow = async (kind: string, body: unknown): Promise<void> => {
  const by = { principal: systemPrincipal, credential: 'test', source: 'http' as const, address: '' };
  const { result } = await api.node.engine.submit({ kind, id: 'shop/vm/web1', body, ...by });
  expect(result).toMatchObject({ status: 'accepted' });
};

test('a project gets a quota, prices, credits and a bill', async () => {
  await done('organisation create acme');
  await done('project create shop --organisation acme');
  await done('quota set shop --vms 10 --vcpus 20 --memory-bytes 40GiB');
  expect(await done('quota list')).toMatch(/^PROJECT +VMS +VMS LEFT [^]*\nshop +0 +10 +20 +42949672960 /);
  await done('price-list create standard --vcpu-hour 0.01credits --memory-gib-hour 5000');
  await done('price-list use standard');
  expect(await done('price-list list')).toMatch(/\nstandard +true +10000 +5000/);
  expect((await run('wallet withdraw shop 1credit --reference none')).exitCode).toBe(7);
  await done('wallet top-up shop 1.5credits --reference invoice-1');
  await done('wallet top-up shop 1.5credits --reference invoice-1');
  const quantities = { vcpus: 2, memoryBytes: 2 ** 30 };
  await follow('usage.begin', { quantities });
  expect(await done('wallet list')).toMatch(/\nshop +1500000 +25000 +1475000 +0\n/);
  expect(await done('usage list')).toMatch(/\nshop\/vm\/web1 +funded +25000 /);
  expect(await done('hold list')).toMatch(/\nshop\/vm\/web1 +25000/);
  expect(await done('wallet-entry list')).toMatch(/\nshop\/invoice-1 +in +1500000 /);
  await follow('usage.end', {});
  const table = await done('bill shop');
  expect(table).toMatch(/^shop from .* to .*Z\n\nOBJECT +METER +UNIT HOURS +PRICES +PRICE +AMOUNT\n/);
  expect(table).toMatch(/\nvm\/web1 +vcpuHour +0\.\d{3} +standard +0\.010000 +0\.\d{6}\n/);
  expect(table).toMatch(/\nTotal {3}0\.\d{6} credits\n$/);
  const { lines } = JSON.parse(await done('bill shop -o json')) as { readonly lines: readonly unknown[] };
  expect(lines).toHaveLength(2);
  await done('price-list create free');
  expect(await done('bill shop --prices free')).toMatch(/\nTotal {3}0\.000000 credits\n$/);
  expect((await run('bill shop --prices none')).exitCode).toBe(4);
  expect((await run('bill shop --from 2030-01-01')).exitCode).toBe(2);
  expect((await run('bill nobody')).exitCode).toBe(4);
});
