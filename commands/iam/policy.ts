import { command, type CommandOf } from '#commands/command';
import { id } from '#commands/codec/scalar';

const PolicyId = id('policy', { summary: 'What has the policy: `cluster`.', example: 'cluster' });

export const touchPolicy = command('policy', 'touch', {
  summary: 'Note that something changed on which it rests who may do what.',
  id: PolicyId,
  plural: 'policies',
  internal: true,
  body: {},
});

export type PolicyCommand = CommandOf<typeof touchPolicy>;
