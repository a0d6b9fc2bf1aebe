import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { OrganisationId, UserId } from '#commands/iam/name';
import { ProjectId } from '#commands/tenant';
import { catalog } from '#gateways/catalog';
import { bySystem } from '#gateways/server/by-system';
import { openDataDirectory } from '#gateways/server/data-directory';
import { equip, usualFounding, type Founding } from '#gateways/server/founding';
import { passwordFault } from '#gateways/server/identity/passwords';
import { startNode, type RunningNode } from '#gateways/server/running-node';

export interface InitialiseOptions extends Partial<Founding> {
  readonly data: string;
  /** Of the administrator; without one nobody can log in before the break-glass token has set one. */
  readonly password?: string;
  readonly version: string;
}

export interface Initialised extends Founding {
  readonly directory: string;
  readonly clusterId: string;
  /** The file with the break-glass token. */
  readonly breakGlass: string;
  readonly canLogIn: boolean;
}

/** Makes a data directory with all that a first start makes, under names of the caller's choice. */
export const initialise = async ({ data, password, version, ...chosen }: InitialiseOptions): Promise<Initialised> => {
  const founding = { ...usualFounding, ...chosen };
  checkNames(founding);
  const fault = password === undefined ? undefined : passwordFault(password, founding.administrator);
  if (fault !== undefined) throw new Error(`--password-file: expected a password of ${fault}.`);
  if (existsSync(join(data, 'cluster.json'))) {
    throw new Error(`${data}: is a data directory already, and was not changed. Serve it, or choose another one.`);
  }
  const directory = openDataDirectory(data);
  const faults: Error[] = [];
  const node = await startNode(directory, {
    components: catalog,
    version,
    now: () => Date.now(),
    founding,
    onFault: (error) => void faults.push(error),
  });
  try {
    await equip(node, (why) => void faults.push(new Error(why)));
    if (password !== undefined) await setPassword(node, founding.administrator, password);
  } finally {
    await node.stop();
  }
  if (faults[0] !== undefined) throw faults[0];
  return {
    directory: data,
    clusterId: directory.cluster.clusterId,
    ...founding,
    breakGlass: join(data, 'admin.token'),
    canLogIn: password !== undefined,
  };
};

const checkNames = ({ organisation, project, administrator }: Founding): void => {
  const named = [
    ['organisation', OrganisationId, organisation],
    ['project', ProjectId, project],
    ['administrator', UserId, administrator],
  ] as const;
  for (const [flag, codec, name] of named) {
    const decoded = decode<string>(codec, name);
    if (isLeft(decoded)) throw new Error(`--${flag}: expected ${decoded.left[0]?.expected ?? 'a name'}, got ${name}.`);
  }
};

const setPassword = async ({ engine, identity }: RunningNode, user: string, password: string): Promise<void> => {
  const sealed = await identity.sealPassword(user, password);
  if (isLeft(sealed)) throw new Error(`--password-file: expected a password of ${sealed.left}.`);
  const body = { password: sealed.right };
  const { result } = await engine.submit({ ...bySystem, kind: 'authenticator.setPassword', id: user, body });
  if (result.status === 'rejected') throw new Error(`the password was refused: ${result.message}`);
};
