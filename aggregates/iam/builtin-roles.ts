import { permitsOf, type Permits } from '#aggregates/iam/permits';

export interface BuiltinRole {
  readonly description: string;
  readonly permissions: readonly string[];
  /** Left out of what the patterns permit. */
  readonly except?: readonly string[];
}

/** Everything of networks that tenants have. */
const networks = ['port.*', 'security-group.*', 'subnet.*', 'vpc.*'];

/** Roles that every cluster has. They stand in the release, so that none can be changed under those who rely on it. */
export const builtinRoles: Readonly<Record<string, BuiltinRole>> = {
  owner: { description: 'Everything, people and roles included.', permissions: ['*'] },
  editor: {
    description: 'Work with everything that tenants have, and look at the rest. Nothing about people.',
    permissions: ['*.read', 'doc.*', 'key.*', 'lease.*', 'namespace.*', 'sweep.*', ...networks],
    except: ['log.read'],
  },
  viewer: { description: 'Look at everything but the log.', permissions: ['*.read'], except: ['log.read'] },
  operator: {
    description: 'Run the cluster: hosts, alarms, backups, the log, quotas and history. Nothing about people.',
    permissions: [
      '*.read',
      'alarm.*',
      'backup.*',
      'certificate.*',
      'flavour.*',
      'history.*',
      'host.*',
      'key-quota.*',
      'lease.*',
      'level.*',
      'log.*',
      'price-list.*',
      'quota.*',
      'sweep.*',
      'wallet.*',
    ],
  },
  auditor: {
    description: 'Look at everything, the log and its history included.',
    permissions: ['*.read', 'log.verify'],
  },
  'key-editor': { description: 'Read and change keys and leases.', permissions: ['key.*', 'lease.*', 'sweep.*'] },
  'key-viewer': { description: 'Read keys and leases.', permissions: ['key.read', 'lease.read'] },
  'doc-editor': { description: 'Read and change documents.', permissions: ['doc.*', 'namespace.read'] },
  'network-editor': { description: 'Read and change networks.', permissions: networks },
  'network-viewer': {
    description: 'Read networks.',
    permissions: ['port.read', 'security-group.read', 'subnet.read', 'vpc.read'],
  },
  'doc-viewer': { description: 'Read documents.', permissions: ['doc.read', 'namespace.read'] },
};

/** What everybody may do to itself and to its own sessions. */
export const ownPermissions: Permits = permitsOf([
  'user.read',
  'service-account.read',
  'authenticator.read',
  'authenticator.changePassword',
  'authenticator.enrolTotp',
  'authenticator.confirmTotp',
  'authenticator.removeTotp',
  'session.read',
  'session.revoke',
  'access-key.read',
  'host.read',
  'host.join',
  'host.report',
  'host.heartbeat',
]);
