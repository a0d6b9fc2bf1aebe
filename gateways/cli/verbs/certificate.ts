import { X509Certificate } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { nounAndId } from '#aggregates/named';
import { clientOf } from '#gateways/cli/client';
import { readSource } from '#gateways/cli/document-file';
import { exitCodes } from '#gateways/cli/exit-code';
import { failureOf, usage } from '#gateways/cli/failure';
import { textAt } from '#gateways/cli/json';
import type { Call, Flag, Verb } from '#gateways/cli/verb';

const nameFlag: Flag = {
  name: 'name',
  metavar: '<name>',
  summary: 'A DNS name or IP address that it is valid for; give it for each.',
  repeatable: true,
};
const lifetimeFlag: Flag = {
  name: 'lifetime',
  metavar: '<time>',
  summary: 'How long it is valid, such as 12h; as long as may be unless given.',
};

const request: Verb = {
  words: ['certificate', 'request'],
  summary: 'Have a certificate signed for a host or a server, with a new key that stays on this machine.',
  about:
    'Writes OUT.pem, and OUT.key for its owner only; with --csr the key is elsewhere, and only OUT.pem is written. ' +
    'A certificate of a host says who sends a request; one of a server does not.',
  arguments: [{ name: 'subject', summary: 'host/NAME or server/NAME.', required: true }],
  flags: [
    nameFlag,
    lifetimeFlag,
    { name: 'csr', metavar: '<file>', summary: 'A certificate request (PEM) with the names, or - for standard input.' },
    { name: 'out', metavar: '<path>', summary: 'Where the files go; the NAME of the subject unless given.' },
  ],
  examples: [
    { title: 'For a host.', line: 'ultracloud certificate request host/node1 --name node1.lab --name 192.0.2.7' },
    { title: 'For a key that is elsewhere.', line: 'ultracloud certificate request server/web --csr web.csr' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const subject = words.argument('subject') ?? '';
    const names = words.all('name');
    const csrFile = words.text('csr');
    if ((csrFile === undefined) === (names.length === 0)) {
      throw usage('--name: expected names, or --csr with a request that has them.', 'Give one of the two.');
    }
    const out = words.text('out') ?? nounAndId(subject)[1];
    const files = [`${out}.pem`, ...(csrFile === undefined ? [`${out}.key`] : [])];
    const taken = files.find((file) => existsSync(file));
    if (taken !== undefined) throw usage(`${taken} exists.`, 'Choose other files with --out PATH, or move it away.');
    const made = csrFile === undefined ? await newRequest(call, names) : undefined;
    const csr = made?.csr ?? (await readSource(session.terminal, csrFile ?? '-')).toString('utf8');
    const purpose = subject.startsWith('server/') ? 'server' : 'host';
    const body = { csr, purpose, subject, ...lifetime(call) };
    const { json } = await (await session.client()).ask({ method: 'POST', path: '/v1/certificate-requests', body });
    if (made !== undefined) write(`${out}.key`, made.key, 0o600);
    write(`${out}.pem`, textAt(json, 'certificate') ?? '', 0o644);
    return shown(call, json, files);
  },
};

const renew: Verb = {
  words: ['certificate', 'renew'],
  summary: 'Renew the certificate of a host with a new key, by showing it to the server.',
  about: 'No token is sent. Both files are replaced when the new certificate is there. The endpoint must be https.',
  arguments: [],
  flags: [
    { name: 'cert', metavar: '<file>', summary: 'The certificate (PEM) that is shown, and replaced.' },
    { name: 'key', metavar: '<file>', summary: 'Its private key (PEM), which is replaced too.' },
    lifetimeFlag,
  ],
  examples: [{ title: 'Twice a day.', line: 'ultracloud certificate renew --cert node1.pem --key node1.key' }],
  run: async (call) => {
    const { session, words } = call;
    const [certFile, keyFile] = [words.text('cert'), words.text('key')];
    if (certFile === undefined || keyFile === undefined) throw usage('--cert and --key: expected both.');
    const cert = await readSource(session.terminal, certFile);
    const key = await readSource(session.terminal, keyFile);
    const target = await session.target();
    if (target.endpoint.protocol !== 'https:') {
      throw usage(`--endpoint: expected https, got ${target.endpoint.origin}.`, 'Start the server with --tls.');
    }
    const made = await newRequest(call, namesOf(certFile, cert));
    const options = { version: session.version, timeoutMs: session.timeoutMs };
    const client = clientOf({ ...target, token: undefined, identity: { cert, key } }, options);
    const body = { csr: made.csr, ...lifetime(call) };
    const { json } = await client.ask({ method: 'POST', path: '/v1/certificate-renewals', body });
    write(`${keyFile}.new`, made.key, 0o600);
    write(`${certFile}.new`, textAt(json, 'certificate') ?? '', 0o644);
    // After a crash between the two the certificate of the new key is still there, with `.new` behind its name.
    renameSync(`${keyFile}.new`, keyFile);
    renameSync(`${certFile}.new`, certFile);
    return shown(call, json, [certFile, keyFile]);
  },
};

const sshHost: Verb = {
  words: ['certificate', 'ssh-host'],
  summary: 'Have the key of an SSH server signed, so that clients need not ask whether they trust it.',
  about: 'Clients trust it with the lines of `ultracloud authority show --ssh` in their known_hosts.',
  arguments: [{ name: 'host', summary: 'The NAME of the host.', required: true }],
  flags: [
    { name: 'public-key', metavar: '<file>', summary: 'The public key, such as ssh_host_ed25519_key.pub.' },
    nameFlag,
    lifetimeFlag,
    { name: 'out', metavar: '<file>', summary: 'Where it goes; beside the key, as SSH expects it, unless given.' },
  ],
  examples: [
    {
      title: 'For the SSH server of a host.',
      line: 'ultracloud certificate ssh-host node1 --public-key ssh_host_ed25519_key.pub --name node1.lab',
    },
  ],
  run: async (call) => {
    const { session, words } = call;
    const file = words.text('public-key');
    if (file === undefined) throw usage('--public-key: expected the file with the public key of the SSH server.');
    const publicKey = (await readSource(session.terminal, file)).toString('utf8').trim();
    const given = words.all('name');
    const isAddress = (name: string): boolean => /^[0-9.]+$|:/.test(name);
    const body = {
      host: words.argument('host') ?? '',
      publicKey,
      names: given.filter((name) => !isAddress(name)),
      addresses: given.filter(isAddress),
      ...lifetime(call),
    };
    const { json } = await (await session.client()).ask({ method: 'POST', path: '/v1/ssh-host-certificates', body });
    const out = words.text('out') ?? `${file.replace(/\.pub$/, '')}-cert.pub`;
    write(out, `${textAt(json, 'certificate') ?? ''}\n`, 0o644);
    return shown(call, json, [out]);
  },
};

const parts = { crl: 'crl.pem', ssh: 'ssh-ca.pub' } as const;

const show: Verb = {
  words: ['authority', 'show'],
  summary: 'Print what others need to trust the certificates of the cluster; no token is needed.',
  arguments: [],
  flags: [
    { name: 'crl', summary: 'What was revoked, in PEM, instead of the certificates.' },
    { name: 'ssh', summary: 'Lines for known_hosts instead.' },
  ],
  examples: [
    { title: 'For clients of TLS.', line: 'ultracloud authority show > ca.pem' },
    { title: 'For clients of SSH.', line: 'ultracloud authority show --ssh >> ~/.ssh/known_hosts' },
  ],
  run: async ({ session, words }) => {
    const file = words.on('crl') ? parts.crl : words.on('ssh') ? parts.ssh : 'ca.pem';
    const { text } = await (await session.client()).ask({ method: 'GET', path: `/v1/authority/${file}` });
    session.show({ json: { text }, table: () => text.trimEnd() });
    return exitCodes.done;
  },
};

export const certificateVerbs: readonly Verb[] = [request, renew, sshHost, show];

const lifetime = ({ words }: Call): { readonly lifetimeSeconds?: number } => {
  const ms = words.duration('lifetime');
  return ms === undefined ? {} : { lifetimeSeconds: Math.floor(ms / 1_000) };
};

/** The key is made in this process, by the code that the server has for certificates. */
const newRequest = async ({ session }: Call, names: readonly string[]) =>
  (await session.server()).newSigningRequest(names);

/** What a certificate is valid for; a renewal is for the same, whatever is asked for. */
const namesOf = (file: string, pem: Buffer): readonly string[] => {
  try {
    const { subjectAltName = '' } = new X509Certificate(pem);
    return subjectAltName.split(', ').map((name) => name.slice(name.indexOf(':') + 1));
  } catch {
    throw usage(`--cert: ${file}: expected a certificate in PEM.`);
  }
};

/** Never a part of a file, and never over one that is there. */
const write = (file: string, text: string, mode: number): void => {
  try {
    writeFileSync(file, text, { mode, flag: 'wx', flush: true });
  } catch (error) {
    if (file.endsWith('.new')) rmSync(file, { force: true });
    throw failureOf(error);
  }
};

const shown = ({ session }: Call, json: unknown, files: readonly string[]): number => {
  const { certificate: _certificate, chain: _chain, ...rest } = json as Readonly<Record<string, unknown>>;
  session.show({
    json: { ...rest, files },
    table: () => session.fields({ ...rest, files }),
    names: () => [`certificate/${textAt(json, 'serial') ?? ''}`],
  });
  return exitCodes.done;
};
