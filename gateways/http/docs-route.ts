import { createHash } from 'node:crypto';
import { strict } from '#gateways/http/operator-routes';
import type { Route } from '#gateways/http/route';
import { docsScript, docsStyle } from '#gateways/http/docs-page';

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>UltraCloud API</title>
<style>${docsStyle}</style>
</head>
<body>
<header>
<h1>UltraCloud API</h1>
<form id="open">
<label>Token <input id="token" type="password" autocomplete="off" required></label> <button>Open</button>
</form>
<input id="filter" type="search" placeholder="Filter operations" aria-label="Filter operations" hidden>
</header>
<main id="operations"><p>The document and every call need a token; the administrator's is in <code>admin.token</code>
of the data directory. It stays in this tab.</p></main>
<script>${docsScript}</script>
</body>
</html>
`;

/** Nothing is loaded from elsewhere, nothing but this script runs, and no other page may frame it. */
const policy = [
  "default-src 'none'",
  `script-src ${digest(docsScript)}`,
  `style-src ${digest(docsStyle)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** A page that is the same for everybody; what it shows it asks for with the token of whoever reads it. */
export const docsRoute: Route = {
  method: 'GET',
  path: '/docs',
  open: true,
  handle: strict(() => ({
    status: 200,
    text: page,
    type: 'text/html; charset=utf-8',
    headers: {
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  })),
};
