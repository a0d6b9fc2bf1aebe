import { quotaKind } from '#aggregates/quota';
import { catalog } from '#gateways/catalog';
import { inMemory, type InMemory } from '#harness/in-memory';

const begun = (): InMemory => {
  const memory = inMemory(catalog.filter(({ name }) => ['iam', 'creditservice'].includes(name)));
  memory.run({ kind: 'organisation.create', id: 'acme', body: {} });
  memory.run({ kind: 'project.create', id: 'shop', body: { organisation: 'acme' } });
  return memory;
};
const remove = { kind: 'project.delete', id: 'shop', body: {} };
const topUp = { kind: 'wallet.topUp', id: 'shop', body: { amountMicroCredits: 5, reference: 'a' } };
const withdraw = { kind: 'wallet.withdraw', id: 'shop', body: { amountMicroCredits: 5, reference: 'b' } };

test('a project has a quota from its beginning to its end', () => {
  const memory = begun();
  expect(memory.facts.get(quotaKind, 'shop')?.state).toEqual({ limits: {} });
  expect(memory.run(remove)).toMatchObject({
    right: { events: expect.arrayContaining([{ kind: 'quota.ended', id: 'shop', body: {} }]) },
  });
  expect(memory.facts.get(quotaKind, 'shop')).toBeUndefined();
});

test('a project stays while it has credits, and leaves nothing of them to the next one of its id', () => {
  const memory = begun();
  memory.run(topUp);
  expect(memory.run(remove)).toMatchObject({ left: { code: 'project.inUse', detail: { microCredits: 5 } } });
  memory.run(withdraw);
  expect(memory.run(remove)).toMatchObject({
    right: {
      events: expect.arrayContaining([expect.objectContaining({ kind: 'wallet-entry.dropped', id: 'shop/b' })]),
    },
  });
  memory.run({ kind: 'project.create', id: 'shop', body: { organisation: 'acme' } });
  // Its references are free again.
  expect(memory.run(withdraw)).toMatchObject({ left: { code: 'wallet.short' } });
  expect(memory.run(topUp)).toMatchObject({ right: { events: [{ kind: 'wallet.toppedUp' }, expect.anything()] } });
});
