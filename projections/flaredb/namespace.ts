import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { namespaces } from '#commands/flaredb/namespace';
import { indexingKind } from '#aggregates/flaredb/indexing';
import { namespaceKind, type Namespace } from '#aggregates/flaredb/namespace';
import { namespaceUsageKind, nothing } from '#aggregates/flaredb/namespace-usage';
import type { View } from '#projections/view';

export const namespaceView: View<Namespace, TypeOf<(typeof namespaces)['row']>> = {
  spec: namespaces,
  kind: namespaceKind,
  row: ({ id, state, version, createPosition, modPosition }, facts) => {
    const { indexes, ...settings } = state;
    const { documents, bytes } = facts.get(namespaceUsageKind, id)?.state ?? nothing;
    return {
      // A namespace that exists was created under an id that the command's codec let through.
      id: id as Id<'namespace'>,
      documents,
      bytes,
      ...settings,
      indexes: indexes.map((index) => {
        const passed = facts.get(indexingKind, `${id}/${index.name}`)?.state.passed;
        return passed === undefined ? index : { ...index, passed };
      }),
      version,
      createPosition,
      modPosition,
    };
  },
};
