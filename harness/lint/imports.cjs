// Who may import whom: npm run lint.
//
// A layer is a top-level folder. The files directly in a layer are its kernel; each folder in it is one component. The
// order is commands < aggregates < projections < log < gateways < harness. imports.test.ts plants a violation of each
// rule, since a linter that finds nothing may also be one that reads nothing.
const test = '[.]test[.]ts$';
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** A package as it is imported, whether it is installed or not. */
const npm = (names) => `(^|/)node_modules/(${names})/|^(${names})(/|$)`;

/** `homes` are the only files that may import the package, so that it can be replaced there. */
const livesIn = (name, packages, homes) =>
  forbid(
    `${name}-lives-in-one-place`,
    `Only ${homes} may import ${name}, so that it can be replaced there.`,
    { pathNot: `${homes}|${test}|^harness/` },
    { path: npm(packages) },
  );

module.exports = {
  forbidden: [
    forbid(
      'commands-know-nothing',
      'The contract depends on fp-ts only.',
      { path: '^commands/', pathNot: test },
      { pathNot: `^commands/|${npm('fp-ts')}` },
    ),
    forbid(
      'aggregates-are-pure',
      'A decision sees its arguments: no Node, no npm package but fp-ts and ipaddr.js, no other layer.',
      { path: '^aggregates/', pathNot: test },
      { pathNot: `^(aggregates|commands)/|${npm('fp-ts|ipaddr[.]js')}` },
    ),
    forbid(
      'aggregates-stay-apart',
      'Aggregates of two components meet in a procedure, a planner or a view, never by import.',
      { path: '^aggregates/([^/]+)/', pathNot: test },
      { path: '^aggregates/([^/]+)/', pathNot: '^aggregates/$1/' },
    ),
    forbid(
      'projections-are-pure',
      'A view is computed from events: no Node, no npm package but fp-ts, nothing above itself.',
      { path: '^projections/', pathNot: test },
      { pathNot: `^(projections|aggregates|commands)/|${npm('fp-ts')}` },
    ),
    forbid(
      'views-stay-apart',
      'A view does not read another view: order would matter.',
      { path: '^projections/([^/]+)/', pathNot: test },
      { path: '^projections/([^/]+)/', pathNot: '^projections/$1/' },
    ),
    forbid(
      'kernels-name-no-component',
      'The files directly in a layer serve every component, so they know none.',
      { path: '^(commands|aggregates|projections)/[^/]+$', pathNot: test },
      { path: '^(commands|aggregates|projections)/[^/]+/', pathNot: '^commands/codec/' },
    ),
    forbid(
      'log-knows-no-component',
      'The applier is given aggregates and views; it names none.',
      { path: '^log/', pathNot: test },
      { path: '^(aggregates|projections|commands)/[^/]+/', pathNot: '^commands/codec/' },
    ),
    forbid(
      'log-knows-no-gateway',
      'The log is written to by gateways, and does not know them.',
      { path: '^log/', pathNot: test },
      { path: '^gateways/' },
    ),
    forbid(
      'gateways-stay-apart',
      'Gateways share the catalog, not each other; a main wires them, and a main may be started by another.',
      { path: '^gateways/([^/]+)/', pathNot: `${test}|/main[.]ts$` },
      { path: '^gateways/([^/]+)/', pathNot: '^gateways/$1/|/main[.]ts$' },
    ),
    forbid(
      'only-the-catalog-lists-components',
      'Programs reach a component through the catalog.',
      { path: '^gateways/', pathNot: `^gateways/catalog[.]ts$|^gateways/etcd/|^gateways/server/identity/|${test}` },
      { path: '^(aggregates|projections)/[^/]+/' },
    ),
    forbid(
      'etcd-speaks-for-chainfire',
      'A protocol gateway may name the one component whose protocol it is.',
      { path: '^gateways/etcd/', pathNot: test },
      { path: '^(commands|aggregates|projections)/[^/]+/', pathNot: '/chainfire/|^commands/codec/' },
    ),
    forbid(
      'logins-know-identities-only',
      'What lets people and programs in may name the component that knows them, and no other.',
      { path: '^gateways/server/identity/', pathNot: test },
      { path: '^(commands|aggregates|projections)/[^/]+/', pathNot: '/iam/|^commands/codec/' },
    ),
    forbid('nobody-imports-tests', 'A test is read by people and by jest.', { pathNot: `${test}` }, { path: test }),
    forbid(
      'nobody-imports-the-harness',
      'Production code does not lean on test code.',
      { path: '^(commands|aggregates|projections|log|gateways)/', pathNot: test },
      { path: '^harness/' },
    ),

    livesIn('lmdb', 'lmdb', '^log/lmdb[^/]*[.]ts$'),
    livesIn('kafkajs', 'kafkajs', '^log/kafka[^/]*[.]ts$'),
    livesIn('fastify', 'fastify|@fastify/[^/]+', '^gateways/http/'),
    livesIn('protobufjs', 'protobufjs', '^gateways/etcd/'),
    livesIn('commander', 'commander', '^gateways/cli/'),

    forbid('no-io-ts', 'Contracts are written with commands/codec.', {}, { path: npm('io-ts') }),
    forbid(
      'fp-ts-is-either',
      'Of fp-ts the project uses Either, and nothing else.',
      {},
      { path: npm('fp-ts'), pathNot: '/fp-ts/(lib|es6)/Either[.](js|d[.]ts)$|^fp-ts/lib/Either$' },
    ),
    forbid('no-cycles', 'A cycle has no reading order.', {}, { circular: true }),
    forbid(
      'no-orphans',
      'A file that imports nothing and that nobody imports is dead.',
      { orphan: true, pathNot: `${test}|^harness/|main[.]ts$` },
      {},
    ),
    forbid('resolvable', 'An import must exist.', {}, { couldNotResolve: true, pathNot: npm('kafkajs') }),
    forbid(
      'production-needs-no-dev-dependency',
      'What production code imports is installed with the package.',
      { path: '^(commands|aggregates|projections|log|gateways)/', pathNot: test },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: npm('@types/.*') },
    ),
  ],
  options: {
    // Not `exclude`: what is excluded is not there, and every rule about a package would pass.
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true, // A type is knowledge too.
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['ultracloud-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
