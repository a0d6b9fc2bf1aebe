import { isLeft } from 'fp-ts/lib/Either';
import type { ObjectCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { instantToText } from '#commands/codec/instant';
import { categories } from '#commands/rejection';
import { answer, malformed, refusal, rejection, type Answer, type Ask } from '#gateways/http/answer';
import { rejectedForm } from '#gateways/http/event-form';
import { queryReader } from '#gateways/http/query';
import { strict } from '#gateways/http/operator-routes';
import type { Route } from '#gateways/http/route';
import { unrecorded } from '#gateways/http/unrecorded';
import { CertificateRenewal, CertificateSigning, SshHostSigning } from '#gateways/signing-routes';
import {
  KeysUnavailable,
  type CertificateAnswer,
  type CertificateRequest,
  type IssuedCertificate,
  type Node,
} from '#gateways/node';

const readNothing = queryReader({});

/** What the certificate authority signs, and what those need who rely on it. */
export const certificateRoutes = (node: Node): readonly Route[] => [
  signing(node, '/v1/certificate-requests', CertificateSigning, (asked) => asked),
  signing(node, '/v1/certificate-renewals', CertificateRenewal, renewed),
  signing(node, '/v1/ssh-host-certificates', SshHostSigning, ({ host, publicKey, names, addresses, ...more }) => ({
    ...more,
    sshKey: publicKey,
    subject: `host/${host}`,
    names,
    addresses: addresses ?? [],
  })),
  open(node, '/v1/authority/ca.pem', () => node.certificates.bundle()),
  open(node, '/v1/authority/crl.pem', () => node.certificates.revocationLists()),
  open(node, '/v1/authority/ssh-ca.pub', () => node.certificates.sshAuthorities()),
];

/** What a body asks for; undefined when it leaves something out. */
type Asked<Body> = (body: Body, credential: string) => CertificateRequest | undefined;

const signing = <Body>(node: Node, path: string, codec: ObjectCodec<Body>, asked: Asked<Body>): Route => ({
  method: 'POST',
  path,
  handle: async ({ query, body, headers, principal }: Ask) => {
    const read = readNothing(query);
    const decoded = decode(codec, body === undefined ? {} : body);
    if (isLeft(read)) return malformed(read.left);
    if (isLeft(decoded)) return malformed(decoded.left);
    const request = asked(decoded.right, principal.credential);
    if (request === undefined) return malformed([incomplete]);
    const { name, credential, address } = principal;
    const source = headers['user-agent']?.startsWith('ultracloud-cli/') === true ? 'cli' : 'http';
    return certificateAnswer(() =>
      node.certificates.request(request, { principal: name, credential, address, source }),
    );
  },
});

/** What a request for a certificate came to, or what was answered in place of it. */
export const certificateAnswer = async (ask: () => Promise<CertificateAnswer | Answer>): Promise<Answer> => {
  try {
    const came = await ask();
    if ('status' in came) return came;
    if ('issued' in came) return issued(came.issued);
    if ('problem' in came) return malformed([came.problem]);
    const { result, position } = came.refused;
    if (result.status !== 'rejected') throw new Error('what was not accepted was rejected');
    const text = JSON.stringify(rejectedForm(result, position));
    return { status: categories[result.category].status, text, position };
  } catch (error) {
    return locked(error) ?? unrecorded(error);
  }
};

const incomplete = {
  path: '',
  expected: 'csr or publicKey, and the certificate to renew as `of` unless the request shows one',
  got: 'another number of them',
};

/** The certificate that is shown is the one that is renewed, unless another is named. */
const renewed: Asked<{
  readonly csr?: string;
  readonly publicKey?: string;
  readonly of?: string;
  readonly lifetimeSeconds?: number;
}> = ({ csr, publicKey, of, ...more }, credential) => {
  const renews = of ?? /^certificate\/(.*)$/.exec(credential)?.[1];
  if (renews === undefined) return undefined;
  if (csr !== undefined && publicKey === undefined) return { ...more, csr, renews };
  return csr === undefined && publicKey !== undefined ? { ...more, sshKey: publicKey, renews } : undefined;
};

const issued = ({ notBefore, notAfter, position, ...more }: IssuedCertificate): Answer =>
  answer({ ...more, notBefore: instantToText(notBefore), notAfter: instantToText(notAfter), position }, position);

const locked = (error: unknown): Answer | undefined =>
  error instanceof KeysUnavailable ? refusal('authority.locked', { reason: error.message }) : undefined;

/** What anyone may have, since nobody can do without it who is to trust the rest. */
const open = (node: Node, path: string, text: () => Promise<string | undefined> | string | undefined): Route => ({
  method: 'GET',
  path,
  open: true,
  handle: strict(async () => {
    try {
      const found = await text();
      return found === undefined ? absent(node) : { status: 200, text: found, type: 'text/plain' };
    } catch (error) {
      const answered = locked(error);
      if (answered === undefined) throw error;
      return answered;
    }
  }),
});

const absent = ({ engine }: Node): Answer => {
  const spec = engine.vocabulary.rejections.get('authority.absent');
  if (spec === undefined) throw new Error('the catalogue has no certificate authority');
  return rejection({ code: 'authority.absent' }, spec, engine.head.position);
};
