import { choice, id, integer, time } from '#commands/codec/scalar';
import { object } from '#commands/codec/object';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

const BreakGlassId = id('break-glass', {
  summary: 'Where the token was shown from: an IP address.',
  pattern: '[0-9a-f.:]{2,45}',
  maxLength: 45,
  example: '192.0.2.7',
});

const Gateway = choice('gateway', { summary: 'The gateway that it was shown to.', values: ['http', 'etcd'] });

export const useBreakGlass = command('break-glass', 'use', {
  summary: 'Note that the break-glass token was shown; at most once an hour for each address and gateway.',
  id: BreakGlassId,
  plural: 'break-glass-uses',
  internal: true,
  body: { gateway: Gateway },
});

export const BreakGlassUsed = object({ gateway: Gateway });

export type BreakGlassCommand = CommandOf<typeof useBreakGlass>;

export const breakGlassUses = view('break-glass', {
  summary: 'From where the break-glass token was shown. Everything that it changed is in the log under `admin`.',
  id: BreakGlassId,
  plural: 'break-glass-uses',
  row: object({
    id: BreakGlassId,
    gateway: Gateway,
    uses: integer('uses', { summary: 'How often its use was noted.', unit: 'count' }),
    lastUsedAt: time('last used', { summary: 'When it was last noted.' }),
    createPosition: integer('position', { summary: 'Where it was first noted.', unit: 'position' }),
  }),
  columns: [
    { title: 'ADDRESS', path: 'id' },
    { title: 'GATEWAY', path: 'gateway' },
    { title: 'USES', path: 'uses' },
    { title: 'LAST USED', path: 'lastUsedAt' },
  ],
});
