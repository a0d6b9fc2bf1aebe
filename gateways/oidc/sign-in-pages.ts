import { isLeft } from 'fp-ts/lib/Either';
import type { Approver, CodeRequest, Identity, LoginFault } from '#gateways/identity';
import { addressOf, field, fieldsOf, goTo, oidcRoute } from '#gateways/oidc/ask';
import type { Fields, OidcAnswer, OidcAsk, OidcRoute } from '#gateways/oidc/ask';
import { mayRedirect, scopeOf } from '#gateways/oidc/client';
import { paths } from '#gateways/oidc/discovery';
import { page, signInInputs } from '#gateways/oidc/page';

/** Pages on which people show who they are. They keep nothing in the browser, so a visit logs nobody in. */
export const signInPages = (identity: Identity): readonly OidcRoute[] => [
  oidcRoute('GET', paths.authorize, ({ query }) => {
    const asked = codeRequestIn(fieldsOf(query), identity.issuer);
    return 'status' in asked ? asked : signIn(identity, asked);
  }),
  oidcRoute('POST', paths.authorize, async (ask) => {
    const fields = fieldsOf(ask.body);
    const asked = codeRequestIn(fields, identity.issuer);
    if ('status' in asked) return asked;
    if (fields === undefined || isForeign(ask)) return page(403, foreign);
    if (field(fields, 'action') === 'cancel') return sentBack(asked, identity.issuer, { error: 'access_denied' });
    const found = await identity.startCode(asked.request, approverIn(fields), addressOf(ask));
    return isLeft(found)
      ? signIn(identity, asked, found.left)
      : sentBack(asked, identity.issuer, { code: found.right });
  }),
  oidcRoute('GET', paths.device, (ask) => {
    const userCode = field(fieldsOf(ask.query) ?? new Map<string, string>(), 'user_code');
    return userCode === undefined ? askForCode() : askForDevice(identity, userCode, addressOf(ask));
  }),
  oidcRoute('POST', paths.device, (ask) => settle(identity, ask)),
  oidcRoute('GET', paths.federate, async (ask) => {
    const fields = fieldsOf(ask.query);
    const provider = fields === undefined ? undefined : field(fields, 'provider');
    const asked = codeRequestIn(fields, identity.issuer);
    if ('status' in asked) return asked;
    const { request, state } = asked;
    const found = await identity.startFederation(provider ?? '', { request, state }, addressOf(ask));
    if (isLeft(found)) return page(statusOf(found.left), unclear('The other issuer cannot be reached.'));
    const secure = identity.issuer.startsWith('https:') ? '; Secure' : '';
    const kept = `${cookieName}=${found.right.cookie}; Path=${paths.callback}; Max-Age=600; HttpOnly; SameSite=Lax`;
    return goTo(found.right.url, { 'set-cookie': `${kept}${secure}` });
  }),
  oidcRoute('GET', paths.callback, (ask) => comeBack(identity, ask)),
];

/** A request of a client that was checked, with its fields for the page to send again. */
interface Asked {
  readonly request: CodeRequest;
  readonly state: string | undefined;
  readonly hidden: Fields;
}

const carried = [
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
];

const longest = 1_000;

/** Nothing is sent to an address that is not one of the client's: whoever made it up is told here. */
const codeRequestIn = (fields: Fields | undefined, issuer: string): Asked | OidcAnswer => {
  if (fields === undefined) return page(400, unclear('A field comes more than once.'));
  const hidden = new Map([...fields].filter(([name, value]) => carried.includes(name) && value.length <= longest));
  const client = field(hidden, 'client_id') ?? '';
  const redirectUri = field(hidden, 'redirect_uri') ?? '';
  if (!mayRedirect(client, redirectUri, issuer)) {
    return page(400, unclear('There is no such client, or it may not be answered at this address.'));
  }
  const state = field(hidden, 'state');
  const challenge = field(hidden, 'code_challenge');
  const nonce = field(hidden, 'nonce');
  const back = (error: string, description: string): OidcAnswer =>
    sentBack({ request: { redirectUri }, state }, issuer, { error, error_description: description });
  if (field(hidden, 'response_type') !== 'code') return back('unsupported_response_type', 'The type must be code.');
  if (field(hidden, 'code_challenge_method') !== 'S256' || !/^[A-Za-z0-9_-]{43}$/.test(challenge ?? '')) {
    return back('invalid_request', 'A challenge of S256 is needed (RFC 7636).');
  }
  if ((nonce ?? '').length > 256) return back('invalid_request', 'The nonce is too long.');
  const scope = scopeOf(field(hidden, 'scope'));
  const request = { client, redirectUri, scope, challenge: challenge ?? '' };
  return { request: nonce === undefined ? request : { ...request, nonce }, state, hidden };
};

const unclear = (text: string) => ({ title: 'This login cannot go on', text });

const foreign = unclear('The form was sent from another site.');

/** Browsers say where a form was sent from; only our own pages have this one. */
const isForeign = ({ headers }: OidcAsk): boolean => {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
};

const sentBack = (
  { request, state }: { readonly request: Pick<CodeRequest, 'redirectUri'>; readonly state: string | undefined },
  issuer: string,
  found: Readonly<Record<string, string>>,
): OidcAnswer => {
  const url = new URL(request.redirectUri);
  const more = { ...found, ...(state === undefined ? {} : { state }), iss: issuer };
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  return goTo(url.href);
};

const signIn = (identity: Identity, { request, hidden }: Asked, fault?: LoginFault): OidcAnswer =>
  page(fault === undefined ? 200 : statusOf(fault), {
    title: 'Log in to UltraCloud',
    text: `${request.client} asks to act for you.`,
    ...(fault === undefined ? {} : { fault: sayingOf(fault) }),
    form: {
      method: 'post',
      action: paths.authorize,
      hidden,
      inputs: signInInputs,
      buttons: [
        ['approve', 'Log in'],
        ['cancel', 'Cancel'],
      ],
      onTo: new URL(request.redirectUri).origin,
    },
    links: linksTo(identity, hidden),
  });

/**
 * To the other issuers that whoever is asked may log in with. A device is not let in this way: an issuer that knows the
 * browser asks nothing, and whoever follows a link would approve the device of another.
 */
const linksTo = (identity: Identity, fields: Fields): readonly (readonly [url: string, words: string])[] =>
  identity.outsideIssuers().map(({ id, displayName }) => {
    const query = new URLSearchParams([...fields, ['provider', id]]).toString();
    return [`${paths.federate}?${query}`, `Log in with ${displayName}`];
  });

const statusOf = (fault: LoginFault): number => (fault === 'busy' ? 429 : fault === 'unavailable' ? 503 : 401);

const sayingOf = (fault: LoginFault): string => {
  switch (fault) {
    case 'codeNeeded':
      return 'Enter your password again, and the one-time code of your authenticator app.';
    case 'busy':
    case 'slowDown':
      return 'Too many tries. Wait a few seconds.';
    case 'unavailable':
      return 'Nobody can log in at the moment: the keyring is not available.';
    case 'wrong':
    case 'pending':
    case 'denied':
    case 'expired':
      return 'This is wrong. After several wrong tries you must wait for a while.';
  }
};

const approverIn = (fields: Fields): Approver => {
  const code = field(fields, 'code')?.replaceAll(' ', '');
  const shown = { user: field(fields, 'user') ?? '', password: field(fields, 'password') ?? '' };
  return { kind: 'password', ...shown, ...(code === undefined ? {} : { code }) };
};

const askForCode = (fault?: LoginFault): OidcAnswer =>
  page(fault === undefined ? 200 : statusOf(fault), {
    title: 'Log in a device',
    text: 'Enter the code that the device shows. Enter none that somebody has sent you.',
    ...(fault === undefined ? {} : { fault: sayingOf(fault) }),
    form: {
      method: 'get',
      action: paths.device,
      inputs: [{ name: 'user_code', label: 'Code', type: 'text', autocomplete: 'off' }],
      buttons: [['next', 'Next']],
    },
  });

const askForDevice = (identity: Identity, userCode: string, address: string, fault?: LoginFault): OidcAnswer => {
  const found = identity.deviceClient(userCode, address);
  if (isLeft(found)) return askForCode(found.left);
  return page(fault === undefined ? 200 : statusOf(fault), {
    title: 'Log in a device',
    text: `${found.right.client} asks to act for you, on the device that shows ${userCode.slice(0, 12)}.`,
    ...(fault === undefined ? {} : { fault: sayingOf(fault) }),
    form: {
      method: 'post',
      action: paths.device,
      hidden: new Map([['user_code', userCode]]),
      inputs: signInInputs,
      buttons: [
        ['approve', 'Approve'],
        ['deny', 'Refuse'],
      ],
    },
  });
};

const settle = async (identity: Identity, ask: OidcAsk): Promise<OidcAnswer> => {
  const fields = fieldsOf(ask.body);
  if (fields === undefined || isForeign(ask)) return page(403, foreign);
  const userCode = field(fields, 'user_code');
  if (userCode === undefined) return askForCode();
  const isRefusal = field(fields, 'action') === 'deny';
  const found = await identity.settleDevice(userCode, isRefusal ? 'deny' : approverIn(fields), addressOf(ask));
  if (isLeft(found)) return askForDevice(identity, userCode, addressOf(ask), found.left);
  return page(200, {
    title: isRefusal ? 'Refused' : 'Done',
    text: isRefusal ? 'The device was refused.' : 'The device is logged in. You can close this page.',
  });
};

/** Of one login with another issuer; it names nobody, and is worth nothing without what that issuer sends along. */
const cookieName = 'ultracloud-federation';

/** A browser that another issuer has sent back. */
const comeBack = async (identity: Identity, ask: OidcAsk): Promise<OidcAnswer> => {
  const fields = fieldsOf(ask.query) ?? new Map<string, string>();
  const [state, code, from] = ['state', 'code', 'iss'].map((name) => field(fields, name));
  const cookie = new RegExp(`(?:^|; ?)${cookieName}=([A-Za-z0-9_-]{43})(?:;|$)`).exec(ask.headers.cookie ?? '')?.[1];
  const refused = page(401, unclear('The other issuer did not let you in, or this browser did not begin.'));
  if (state === undefined || code === undefined || cookie === undefined) return refused;
  const found = await identity.finishFederation(
    { state, code, ...(from === undefined ? {} : { issuer: from }) },
    cookie,
  );
  if (isLeft(found)) return refused;
  const { principal, resume } = found.right;
  const approved = await identity.startCode(resume.request, { kind: 'federated', principal }, addressOf(ask));
  return isLeft(approved) ? refused : sentBack(resume, identity.issuer, { code: approved.right });
};
