import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { catalog } from '#gateways/catalog';
import { administrator } from '#gateways/server/policy';
import { systemPrincipal } from '#log/authority';
import { creditRefusals } from '#harness/why/credit-refusals';
import { certificateRefusals } from '#harness/why/certificate-refusals';
import { virtualMachineRefusals } from '#harness/why/virtual-machine-refusals';
import { hostRefusals } from '#harness/why/host-refusals';
import { networkRefusals } from '#harness/why/network-refusals';
import { signInRefusals } from '#harness/why/sign-in-refusals';
import { iamRefusals } from '#harness/why/iam-refusals';
import { many, type Asked } from '#harness/why/asked';
import { startTestApi, type TestApi } from '#harness/http';
import type { Outcome } from '#log/outcome';
import { vocabularyOf } from '#log/vocabulary';

const vocabulary = vocabularyOf(catalog);

/** Keys of a range, a thousand in a batch. */
const keys = (prefix: string, count: number, lease?: string): readonly Asked[] =>
  Array.from({ length: Math.ceil(count / 1_000) }, (_, batch): Asked => {
    const rest = Math.min(1_000, count - batch * 1_000);
    const commands = many(rest, (at) => ({
      command: 'key.put',
      id: `${prefix}${String(batch * 1_000 + at).padStart(5, '0')}`,
      body: { value: Buffer.from('x'), ...(lease === undefined ? {} : { lease }) },
    }));
    // A gateway decodes the bodies inside a batch, so they stand here as deciders take them.
    return ['batch.apply', '', undefined, { body: { commands } }];
  });

const titles = { name: 'by-title', path: 'title', kind: 'text' };
const namespace = (name: string, body: unknown = {}): Asked => ['namespace.create', name, body];
const doc = (id: string, document: unknown, more = {}): Asked => ['doc.put', id, { document, ...more }];
const text = (length: number): string => 'x'.repeat(length);

/** How each code comes about: commands that are accepted, then one that is refused with it. */
const refusals: Readonly<Record<string, readonly Asked[]>> = {
  ...iamRefusals,
  ...certificateRefusals,
  ...creditRefusals,
  ...signInRefusals,
  ...hostRefusals,
  ...virtualMachineRefusals,
  ...networkRefusals,
  'alarm.absent': [['alarm.disarm', 'nothing', {}]],
  'alarm.standing': [
    ['alarm.raise', 'disk', { code: 'disk.full', message: 'The disk is full.', standing: true }],
    ['alarm.disarm', 'disk', {}],
  ],
  'budget.exceeded': [
    ...keys('wide/', 10_001),
    [
      'key.txn',
      '',
      {
        success: [
          { delete: { key: 'wide/', rangeEnd: 'wide/05000' } },
          { delete: { key: 'wide/05000', rangeEnd: 'wide0' } },
        ],
      },
    ],
  ],
  'command.poisoned': [['key.put', 'poison', undefined, { body: null }]],
  'command.unknown': [['key.sing', 'song', undefined, { body: {} }]],
  'compare.invalid': [
    ['key.txn', '', { compare: [{ key: 'a', target: 'version', op: '=', value: 'one' }], success: [] }],
  ],
  'doc.absent': [namespace('patched'), ['doc.patch', 'patched/a', { patch: {} }]],
  'doc.ambiguous': [namespace('ambiguous'), ['doc.put', 'ambiguous/a', {}]],
  'doc.duplicate': [
    namespace('unique', { indexes: [{ ...titles, unique: true }] }),
    doc('unique/a', { title: 'one' }),
    doc('unique/b', { title: 'one' }),
  ],
  'doc.raw': [namespace('raw'), ['doc.put', 'raw/a', { valueBase64: '/w==' }], ['doc.patch', 'raw/a', { patch: {} }]],
  'doc.repeated': [
    namespace('repeated'),
    ['doc.txn', '', { operations: [{ delete: { id: 'repeated/a' } }, { delete: { id: 'repeated/a' } }] }],
  ],
  'doc.tooLarge': [namespace('small', { maxDocumentBytes: 10 }), doc('small/a', text(11))],
  'doc.unindexable': [namespace('listed', { indexes: [titles] }), doc('listed/a', { title: text(10_000) })],
  'doc.version': [namespace('versions'), doc('versions/a', 1, { ifVersion: 3 })],
  'expect.moved': [
    ['key.put', 'moved', { value: '1' }],
    ['key.put', 'moved', { value: '2' }, { expectPosition: 1 }],
  ],
  'expect.version': [['key.put', 'counted', { value: '1' }, { expectVersion: 7 }]],
  'history.compacted': [
    ['history.compact', 'key', { position: 2 }],
    ['history.compact', 'key', { position: 1 }],
  ],
  'history.future': [['history.compact', 'doc', { position: 1e12 }]],
  'history.unknown': [['history.retain', 'keys', { keepSeconds: 60 }]],
  'index.absent': [namespace('bare'), ['namespace.dropIndex', 'bare', { name: 'none' }]],
  'index.exists': [
    namespace('indexed', { indexes: [titles] }),
    ['namespace.createIndex', 'indexed', { ...titles, path: 'other' }],
  ],
  'index.repeated': [namespace('twice', { indexes: [titles, titles] })],
  'index.tooMany': [
    namespace('crowded', { indexes: many(16, (at) => ({ ...titles, name: `by-${at}` })) }),
    ['namespace.createIndex', 'crowded', titles],
  ],
  'key.absent': [['key.txn', '', { success: [{ put: { key: 'gone', value: '', keepValue: true } }] }]],
  'key.duplicate': [
    ['key.txn', '', { success: [{ put: { key: 'two', value: '1' } }, { put: { key: 'two', value: '2' } }] }],
  ],
  'key.tooMany': [...keys('many/', 10_001), ['key.deleteRange', '', { key: 'many/', rangeEnd: 'many0' }]],
  'lease.absent': [['key.put', 'leased', { value: '1', lease: '99' }]],
  'lease.ended': [['lease.revoke', '98', {}]],
  'lease.exists': [
    ['lease.grant', '1', { ttlSeconds: 600 }],
    ['lease.grant', '1', { ttlSeconds: 600 }],
  ],
  'lease.fenced': [
    ['lease.grant', '2', { ttlSeconds: 600 }],
    ['lease.expire', '2', { holderPosition: 987_654 }],
  ],
  'lease.full': [
    ['lease.grant', '3', { ttlSeconds: 600 }],
    ...keys('full/', 4_000, '3'),
    ['key.put', 'full/one-more', { value: '', lease: '3' }],
  ],
  'level.lower': [['level.raise', 'cluster', undefined, { body: { level: 0 } }]],
  'level.unknown': [['level.raise', 'cluster', { level: 99 }]],
  'namespace.absent': [doc('nowhere/a', 1)],
  'namespace.exists': [namespace('changed'), namespace('changed', { maxDocuments: 1 })],
  'namespace.full': [namespace('full', { maxDocuments: 1 }), doc('full/a', 1), doc('full/b', 1)],
  'namespace.notEmpty': [namespace('held'), doc('held/a', 1), ['namespace.delete', 'held', {}]],
  'key-quota.absent': [['key-quota.lift', 'keys', {}]],
  'request.expired': [['key.put', 'old', { value: '1' }, { requestId: '018c0000-0000-7000-8000-000000000000' }]],
  'request.forbidden': [['duty.acquire', 'liveness', { holder: 'me' }, { principal: administrator.name }]],
  'request.reused': [
    ['key.put', 'reused', { value: '1' }, { requestId: 'one' }],
    ['key.put', 'reused', { value: '2' }, { requestId: 'one' }],
  ],
  'secret-key.absent': [['secret-key.forget', 'user/nobody', {}]],
  'secret-key.tooMany': [
    ...many(1_001, (at): Asked => ['secret-key.add', 'user/busy', { key: at.toString(16).padStart(16, '0') }]),
  ],
  'sweep.absent': [['sweep.cancel', 'none', {}]],
  'sweep.exists': [
    ['sweep.start', 'one', { prefix: 'swept/' }],
    ['sweep.start', 'one', { prefix: 'other/' }],
  ],
  'namespace-usage.impossible': [['namespace-usage.change', 'nowhere', { documents: -1, bytes: 0 }]],
  // Last, since it holds for every put that follows.
  'key-quota.exceeded': [
    ['key-quota.set', 'keys', { maxBytes: 1 }],
    ['key.put', 'beyond', { value: '1' }],
  ],
};

jest.setTimeout(60_000);

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const ask = ([kind, id, written, more]: Asked): Promise<Outcome> => {
  const spec = vocabulary.commands.get(kind);
  const body = spec === undefined || written === undefined ? undefined : decode(spec.body, written);
  if (body !== undefined && isLeft(body)) throw new Error(`${kind}: ${JSON.stringify(body.left)}`);
  return api.node.engine.submit({
    kind,
    id,
    body: body?.right,
    principal: spec?.internal === true ? systemPrincipal : administrator.name,
    credential: 'test',
    source: 'http',
    address: '',
    ...more,
  });
};

test.each(Object.entries(refusals))('why tells of %s', async (code, asked) => {
  for (const given of asked.slice(0, -1)) expect((await ask(given)).result).toMatchObject({ status: 'accepted' });
  const [kind, id, , more] = asked.at(-1) as Asked;
  const { position, result } = await ask(asked.at(-1) as Asked);
  if (result.status !== 'rejected') throw new Error(`${kind} came to ${result.status}`);
  expect(result.code).toBe(code);
  const { category, message, fix, detail } = result;
  const noun = kind.slice(0, kind.indexOf('.'));
  const path = `/v1/why/${noun}${id === '' ? '' : `/${encodeURIComponent(id)}`}`;
  const { status, json } = await api.call('GET', path);
  expect([path, status, json['noun']]).toEqual([path, 200, noun]);
  expect((json['refusals'] as readonly unknown[])[0]).toMatchObject({
    position,
    command: kind,
    principal: more?.principal ?? expect.any(String),
    outcome: 'rejected',
    code,
    category,
    message,
    fix,
    ...(detail === undefined ? {} : { detail }),
  });
  expect(vocabulary.rejections.get(code)).toMatchObject({ category, summary: message, fix });
});

test('every code of the vocabulary is shown', () => {
  expect([...vocabulary.rejections.keys()].filter((code) => !(code in refusals))).toEqual([]);
});
