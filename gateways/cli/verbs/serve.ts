import { resolve } from 'node:path';
import { bytesOfWord } from '#gateways/cli/words';
import { usage } from '#gateways/cli/failure';
import type { Verb } from '#gateways/cli/verb';

export const defaultHttp = '127.0.0.1:7070';
export const defaultEtcd = '127.0.0.1:7079';

/** The server names the flag that it does not take. */
const wrongFlag = /^--[a-z-]+(?: and --[a-z-]+)?: (?:expected |\S+ can(?:not)? be r)/;

export const serve: Verb = {
  words: ['serve'],
  summary: 'Run a control-plane node: the log, its state, and the HTTP and etcd gateways.',
  about:
    'The directory is made when it is not there. When the node is ready it writes endpoints.json into it; the ' +
    'administrator’s token is in admin.token. It stops cleanly on SIGTERM or SIGINT.',
  arguments: [],
  flags: [
    {
      name: 'http',
      metavar: '<host:port>',
      summary: `Where HTTP is served; port 0 takes a free one. ${defaultHttp} unless given.`,
    },
    { name: 'etcd', metavar: '<host:port>', summary: `Where etcd’s gRPC is served. ${defaultEtcd} unless given.` },
    {
      name: 'tls',
      summary: 'Serve TLS with a certificate of the cluster’s own authority; hosts may show theirs.',
    },
    {
      name: 'tls-name',
      metavar: '<name>',
      summary: 'A name or address by which it is reached, for that certificate.',
      repeatable: true,
    },
    { name: 'tls-cert', metavar: '<file>', summary: 'Serve TLS with this certificate (PEM).' },
    { name: 'tls-key', metavar: '<file>', summary: 'Its private key (PEM).' },
    {
      name: 'issuer',
      metavar: '<url>',
      summary: 'How browsers and clients reach it, which tokens name; the address of HTTP unless given.',
    },
    { name: 'disk-floor', metavar: '<bytes>', summary: 'Refuse writes when less is free, such as 512MiB.' },
    { name: 'backup-every', metavar: '<time>', summary: 'Take a backup so often, such as 24h; none unless given.' },
    { name: 'backup-keep', metavar: '<count>', summary: 'Keep so many scheduled backups; 7 unless given.' },
  ],
  examples: [
    { title: 'A node on this machine only.', line: 'ultracloud serve --data ./data' },
    {
      title: 'Reachable from others.',
      line: 'ultracloud serve --data /var/lib/ultracloud --http 0.0.0.0:7070 --tls --tls-name cloud.example.net',
    },
    {
      title: 'With a certificate of your own.',
      line: 'ultracloud serve --data /var/lib/ultracloud --http 0.0.0.0:7070 --tls-cert cert.pem --tls-key key.pem',
    },
  ],
  run: async ({ session, words }) => {
    const data = words.text('data') ?? session.terminal.environment['ULTRACLOUD_DATA'];
    if (data === undefined || data === '') {
      throw usage(
        '--data: expected the data directory, got nothing.',
        'Give --data DIR; it is made if it is not there.',
      );
    }
    const issuer = words.text('issuer');
    const floor = words.text('disk-floor');
    const everyMs = words.duration('backup-every');
    const keep = words.integer('backup-keep');
    const tlsNames = words.all('tls-name');
    const tlsCert = words.text('tls-cert');
    const tlsKey = words.text('tls-key');
    const server = await session.server();
    return server
      .serve({
        // Answers name paths in it, to callers that stand elsewhere.
        data: resolve(data),
        http: words.text('http') ?? defaultHttp,
        etcd: words.text('etcd') ?? defaultEtcd,
        version: session.version,
        ...(words.on('tls') ? { tls: true } : {}),
        ...(tlsNames.length === 0 ? {} : { tlsNames }),
        ...(tlsCert === undefined ? {} : { tlsCert }),
        ...(tlsKey === undefined ? {} : { tlsKey }),
        ...(issuer === undefined ? {} : { issuer }),
        ...(floor === undefined ? {} : { diskFloorBytes: bytesOfWord('--disk-floor', floor) }),
        ...(everyMs === undefined ? {} : { backupEveryHours: everyMs / 3_600_000 }),
        ...(keep === undefined ? {} : { backupKeep: keep }),
      })
      .catch((error: unknown) => {
        throw error instanceof Error && wrongFlag.test(error.message) ? usage(error.message) : error;
      });
  },
};
