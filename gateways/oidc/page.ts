import { createHash } from 'node:crypto';
import type { OidcAnswer } from '#gateways/oidc/ask';

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 15vh auto; padding: 0 1rem; color: #222; }
  h1 { font-size: 1.25rem; } label { display: block; margin: .75rem 0; } input, button { font: inherit; }
  input { display: block; width: 100%; box-sizing: border-box; padding: .4rem; } button { padding: .4rem 1rem; }
  .fault { border-left: 4px solid #b00; padding-left: .75rem; }
`;

const styleDigest = createHash('sha256').update(style).digest('base64');

/** What may stand in HTML as text or as the value of an attribute in double quotes. */
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

interface Input {
  readonly name: string;
  readonly label: string;
  readonly type: 'text' | 'password';
  readonly autocomplete: string;
}

interface Form {
  readonly method: 'get' | 'post';
  readonly action: string;
  readonly hidden?: ReadonlyMap<string, string>;
  readonly inputs: readonly Input[];
  /** What the field `action` says, with the words on the button; the first is that of the Enter key. */
  readonly buttons: readonly (readonly [action: string, words: string])[];
  /** Where a browser may be sent on to after this form; browsers ask for it to be named. */
  readonly onTo?: string;
}

interface Page {
  readonly title: string;
  readonly text: string;
  readonly fault?: string;
  readonly form?: Form;
  readonly links?: readonly (readonly [url: string, words: string])[];
}

export const signInInputs: readonly Input[] = [
  { name: 'user', label: 'User', type: 'text', autocomplete: 'username' },
  { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' },
  { name: 'code', label: 'One-time code, if you use them', type: 'text', autocomplete: 'one-time-code' },
];

/** A page without scripts, which no other page can hold in a frame. */
export const page = (status: number, { title, text, fault, form, links = [] }: Page): OidcAnswer => ({
  status,
  type: 'text/html; charset=utf-8',
  text:
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<title>${escaped(title)}</title><style>${style}</style></head><body><h1>${escaped(title)}</h1>` +
    `<p>${escaped(text)}</p>${fault === undefined ? '' : `<p class="fault" role="alert">${escaped(fault)}</p>`}` +
    (form === undefined ? '' : formText(form)) +
    links.map(([url, words]) => `<p><a href="${escaped(url)}">${escaped(words)}</a></p>`).join('') +
    '</body></html>',
  headers: {
    'cache-control': 'no-store',
    'content-security-policy':
      `default-src 'none'; style-src 'sha256-${styleDigest}'; base-uri 'none'; frame-ancestors 'none'; ` +
      `form-action 'self'${form?.onTo === undefined ? '' : ` ${form.onTo}`}`,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
});

const formText = ({ method, action, hidden, inputs, buttons }: Form): string =>
  `<form method="${method}" action="${escaped(action)}">` +
  [...(hidden ?? [])]
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('') +
  inputs
    .map(
      ({ name, label, type, autocomplete }) =>
        `<label>${escaped(label)}<input name="${name}" type="${type}" autocomplete="${autocomplete}"></label>`,
    )
    .join('') +
  buttons
    .map(([value, words]) => `<button name="action" value="${escaped(value)}">${escaped(words)}</button> `)
    .join('') +
  '</form>';
