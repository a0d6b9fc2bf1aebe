import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { images } from '#commands/plasmavmc/image';
import { imageKind, usesOf, type Image } from '#aggregates/plasmavmc/image';
import type { View } from '#projections/view';

export const imageView: View<Image, TypeOf<(typeof images)['row']>> = {
  spec: images,
  kind: imageKind,
  row: ({ id, state: { asked, ...shown }, createPosition, modPosition }, facts) => ({
    // An image that exists was created under an id that the command's codec let through.
    id: id as Id<'image'>,
    ...asked,
    ...shown,
    usedBy: usesOf(facts, id),
    createPosition,
    modPosition,
  }),
};
