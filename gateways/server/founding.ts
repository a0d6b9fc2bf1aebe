import { kind } from '#aggregates/facts';
import type { Engine } from '#log/engine';
import type { Node } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';

/** The first of each, by their ids. */
export interface Founding {
  readonly organisation: string;
  readonly project: string;
  /** A user who owns the cluster, and cannot log in before a password was set with the break-glass token. */
  readonly administrator: string;
}

export const usualFounding: Founding = { organisation: 'default', project: 'default', administrator: 'admin' };

const policyKind = kind('policy');

/** Whether nobody was ever granted anything here, as in a new directory or one from before there were identities. */
export const isUnfounded = ({ facts }: Pick<Engine, 'facts'>): boolean =>
  facts.get(policyKind, 'cluster') === undefined;

/**
 * Makes what a cluster needs beside people, where it is missing: its authority and the key that signs tokens. What
 * fails is told, and made when it is first needed.
 */
export const equip = async (
  { certificates, identity }: Pick<Node, 'certificates' | 'identity'>,
  tell: (why: string) => void,
): Promise<void> => {
  try {
    await certificates.create();
    await identity.ensureSigningKey();
  } catch (error) {
    tell(`warning: no authority or signing key yet: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** Makes the first organisation with a project and an administrator, at one position. Rejects when it is refused. */
export const found = async (engine: Engine, { organisation, project, administrator }: Founding): Promise<void> => {
  const commands = [
    { command: 'organisation.create', id: organisation, body: {} },
    { command: 'project.create', id: project, body: { organisation } },
    { command: 'user.create', id: administrator, body: { organisation } },
    {
      command: 'binding.create',
      id: `${administrator}-owner`,
      body: { subject: `user/${administrator}`, role: 'owner' },
    },
  ];
  const { result } = await engine.submit({ kind: 'batch.apply', id: '', body: { commands }, ...bySystem });
  if (result.status === 'rejected') throw new Error(`the first organisation was refused: ${result.message}`);
};
