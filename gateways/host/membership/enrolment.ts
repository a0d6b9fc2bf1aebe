import { createHash, X509Certificate } from 'node:crypto';
import { controlPlane, faultOf, Refused } from '#gateways/host/membership/control-plane';
import type { HostIdentity } from '#gateways/host/membership/host-directory';
import { newSigningRequest } from '#gateways/new-request';

const tokenForm = /^uch_([a-z0-9-]{1,63})_([0-9a-f]{64})_[A-Za-z0-9_-]{43}$/;

const authoritiesPath = '/v1/authority/ca.pem';

/**
 * Takes an invitation. The server is believed only when it shows the very authority that the invitation names, so
 * nobody between the two learns the token.
 */
export const enrol = async (endpoint: string, invitation: string): Promise<HostIdentity> => {
  const [token, name, fingerprint] = tokenForm.exec(invitation) ?? [];
  if (token === undefined || name === undefined || fingerprint === undefined) {
    throw new Refused('This is no invitation. Give the whole token that `ultracloud host invite` has shown.');
  }
  const trusted = await authorityOf(endpoint, fingerprint);
  const { key, csr } = await newSigningRequest([name]);
  const server = controlPlane(endpoint, { authorities: trusted });
  try {
    const answered = await server.ask('POST', '/v1/host-enrolments', { token, csr });
    const { certificate } = answered.json;
    if (answered.status !== 200 || typeof certificate !== 'string') throw new Refused(faultOf(answered));
    const { text: authorities } = await server.ask('GET', authoritiesPath);
    return { name, endpoint, pair: `${key}${certificate}`, authorities };
  } finally {
    server.close();
  }
};

/** The certificate of the authority with this fingerprint, among those that the server publishes. */
const authorityOf = async (endpoint: string, fingerprint: string): Promise<string> => {
  const anybody = controlPlane(endpoint, {});
  try {
    const { text } = await anybody.ask('GET', authoritiesPath);
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
    const own = found.find(
      (pem) => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex') === fingerprint,
    );
    if (own !== undefined) return own;
    throw new Refused(
      `${endpoint} is not of the cluster that has invited this machine. Correct the endpoint, or invite it there.`,
    );
  } finally {
    anybody.close();
  }
};

/** The authorities that the control plane trusts now. */
export const authoritiesFrom = async (endpoint: string, authorities: string): Promise<string | undefined> => {
  const server = controlPlane(endpoint, { authorities });
  try {
    const { status, text } = await server.ask('GET', authoritiesPath);
    return status === 200 && text.includes('-----BEGIN CERTIFICATE-----') ? text : undefined;
  } finally {
    server.close();
  }
};
