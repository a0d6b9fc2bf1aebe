import { opening } from '#aggregates/creditservice/opening';
import { quota } from '#aggregates/creditservice/quota';
import { organisation } from '#aggregates/iam/organisation';
import { project } from '#aggregates/iam/project';
import { quotaKind } from '#aggregates/quota';
import { inMemory } from '#harness/in-memory';

test('a project has a quota from its beginning to its end', () => {
  const memory = inMemory([
    {
      ...{ name: 'c', summary: '', procedures: [], views: [] },
      aggregates: [organisation, project, quota],
      reactions: opening,
    },
  ]);
  memory.run({ kind: 'organisation.create', id: 'acme', body: {} });
  expect(memory.run({ kind: 'project.create', id: 'shop', body: { organisation: 'acme' } })).toMatchObject({
    right: { events: [{ kind: 'project.created' }, { kind: 'quota.began', id: 'shop' }] },
  });
  expect(memory.facts.get(quotaKind, 'shop')?.state).toEqual({ limits: {} });
  expect(memory.run({ kind: 'project.delete', id: 'shop', body: {} })).toMatchObject({
    right: { events: [{ kind: 'project.deleted' }, { kind: 'quota.ended', id: 'shop' }] },
  });
  expect(memory.facts.get(quotaKind, 'shop')).toBeUndefined();
});
