import type { Id } from '#commands/codec/scalar';
import { accessKeyOf, type AccessKeyEvent } from '#aggregates/iam/access-key';
import { bindingOf } from '#aggregates/iam/binding';
import { project } from '#aggregates/iam/project';
import { serviceAccount } from '#aggregates/iam/service-account';
import { userOf } from '#aggregates/iam/user';
import { decisions, type Setting } from '#harness/decisions';
import { held, type Held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const accessKey = accessKeyOf(fewWords);
const id = '0'.repeat(32) as Id<'access-key'>;
const account = 'shop/ci' as Id<'service-account'>;
const digest = 'a'.repeat(64);
const body = { serviceAccount: account, digest };
const create = (more: object = {}) => ({ kind: 'access-key.create' as const, id, body: { ...body, ...more } });
const created = (more: object = {}): AccessKeyEvent => ({ kind: 'access-key.created', body: { ...body, ...more } });
const remove = { kind: 'access-key.delete' as const, id, body: {} };
const end = { kind: 'access-key.end' as const, id, body: {} };
const deleted: AccessKeyEvent = { kind: 'access-key.deleted', body: {} };

const shop = [
  held(project, 'shop', { organisation: 'acme' }),
  held(serviceAccount, account, { project: 'shop', disabled: false }),
];
const by = (principal: string, ...facts: readonly Held[]): Setting => ({
  facts: [...shop, held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }), ...facts],
  moment: { principal },
});
const grant = (subject: string, role: string): Held =>
  held(bindingOf(fewWords), `${subject.replaceAll('/', '-')}-${role}`, {
    subject,
    role,
    project: 'shop',
  });
const twenty = Array.from({ length: 20 }, (_, at) => held(accessKey, `${at}`, { serviceAccount: account, digest }));

decisions(accessKey, [
  ['creates one', [], create(), [created()], by('admin')],
  ['creates one that ends', [], create({ expiresAt: 3_600_001 }), [created({ expiresAt: 3_600_001 })], by('admin')],
  ['creates one only once', [created()], create(), [], by('admin')],
  ['refuses another of the same id', [created()], create({ digest: 'b'.repeat(64) }), 'access-key.exists', by('admin')],
  ['refuses one that has ended', [], create({ expiresAt: 3_600_000 }), 'access-key.ended', by('admin')],
  ['refuses one of nobody', [], create(), 'access-key.accountAbsent'],
  ['refuses more than an account may have', [], create(), 'access-key.tooMany', by('admin', ...twenty)],
  [
    'refuses whoever holds less than the account',
    [],
    create(),
    'iam.escalation',
    by('user/alice', grant('service-account/shop/ci', 'owner'), grant('user/alice', 'editor')),
  ],
  [
    'creates one for whoever holds as much',
    [],
    create(),
    [created()],
    by('user/alice', grant('service-account/shop/ci', 'viewer'), grant('user/alice', 'owner')),
  ],
  ['deletes one', [created()], remove, [deleted]],
  ['refuses to delete what is not there', [created(), deleted], remove, 'access-key.absent'],
  ['removes one whose time is over', [created()], end, [deleted]],
  ['removes nothing twice', [created(), deleted], end, []],
]);
