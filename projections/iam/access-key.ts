import { right } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { accessKeys } from '#commands/iam/access-key';
import { accessKeyKind, accessKeysByAccount, type AccessKey } from '#aggregates/iam/access-key';
import { listed } from '#projections/iam/listed';
import { pageOf } from '#projections/selection';
import type { View } from '#projections/view';

export const accessKeyView: View<
  AccessKey,
  TypeOf<(typeof accessKeys)['row']>,
  { readonly serviceAccount?: string }
> = {
  spec: accessKeys,
  kind: accessKeyKind,
  row: ({ id, state: { serviceAccount, description, expiresMs }, createPosition }) => ({
    // Ids of a state were let through by codecs.
    id: id as Id<'access-key'>,
    serviceAccount,
    ...(description === undefined ? {} : { description }),
    ...(expiresMs === undefined ? {} : { expiresAt: expiresMs }),
    createPosition,
  }),
  select: ({ serviceAccount }, facts, page) =>
    right(
      serviceAccount === undefined
        ? pageOf(accessKeyKind, { from: '' }, facts, page)
        : listed(accessKeyKind, { index: accessKeysByAccount, key: serviceAccount }, facts, page),
    ),
};
