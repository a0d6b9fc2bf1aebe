import { permitsOf, type Permits } from '#aggregates/iam/permits';

export interface BuiltinRole {
  readonly description: string;
  readonly permissions: readonly string[];
  /** Left out of what the patterns permit. */
  readonly except?: readonly string[];
}

/** Who decides about people and secrets is an owner; who works with things is an editor. */
const ownersOnly = ['organisation', 'project', 'user', 'group', 'service-account', 'role', 'binding', 'access-key'];

const verbsOfPeople = ['create', 'update', 'delete', 'add', 'remove', 'disable', 'enable'];

const decisionsAboutPeople = ownersOnly.flatMap((noun) => verbsOfPeople.map((verb) => `${noun}.${verb}`));

const clusterOnly = [
  'authenticator.setPassword',
  'authenticator.reset',
  'session.revoke',
  'signing-key.rotate',
  'signing-key.retire',
  'authority.rotate',
  'certificate.issue',
  'certificate.revoke',
  'secret-key.forget',
  'secret-key.rotate',
  'identity-provider.create',
  'identity-provider.update',
  'identity-provider.delete',
  'level.raise',
  'log.read',
  'log.truncate',
  'log.verify',
  'backup.create',
  'keyring.backup',
  'keyring.rotate',
  'history.compact',
  'history.retain',
];

/** Roles that every cluster has. They stand in the release, so that none can be changed under those who rely on it. */
export const builtinRoles: Readonly<Record<string, BuiltinRole>> = {
  owner: { description: 'Everything, people and roles included.', permissions: ['*'] },
  editor: {
    description: 'Everything but people, roles, secrets and the running of the cluster.',
    permissions: ['*'],
    except: [...decisionsAboutPeople, ...clusterOnly],
  },
  viewer: { description: 'Look at everything but the log.', permissions: ['*.read'], except: ['log.read'] },
  operator: {
    description: 'Run the cluster: hosts, alarms, backups, the log, quotas and history. Nothing about people.',
    permissions: [
      '*.read',
      'alarm.*',
      'backup.*',
      'certificate.*',
      'history.*',
      'host.*',
      'lease.*',
      'level.*',
      'log.*',
      'quota.*',
      'sweep.*',
    ],
  },
  auditor: {
    description: 'Look at everything, the log and its history included.',
    permissions: ['*.read', 'log.verify'],
  },
  'key-editor': { description: 'Read and change keys and leases.', permissions: ['key.*', 'lease.*', 'sweep.*'] },
  'key-viewer': { description: 'Read keys and leases.', permissions: ['key.read', 'lease.read'] },
  'doc-editor': { description: 'Read and change documents.', permissions: ['doc.*', 'namespace.read'] },
  'doc-viewer': { description: 'Read documents.', permissions: ['doc.read', 'namespace.read'] },
};

/** What everybody may do to itself and to its own sessions. */
export const ownPermissions: Permits = permitsOf([
  'user.read',
  'service-account.read',
  'host.read',
  'authenticator.read',
  'authenticator.changePassword',
  'authenticator.enrolTotp',
  'authenticator.confirmTotp',
  'authenticator.removeTotp',
  'session.read',
  'session.revoke',
  'access-key.read',
]);
