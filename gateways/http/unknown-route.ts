import { suggest } from '#commands/codec/suggest';
import { refusal, type Answer } from '#gateways/http/answer';
import type { Route } from '#gateways/http/route';

interface Known {
  readonly route: Route;
  readonly parts: readonly string[];
}

/** What to answer at a path, or for a method, that no route has. */
export const unknownRoute = (routes: readonly Route[]): ((method: string, path: string) => Answer) => {
  const known = routes.map((route): Known => ({ route, parts: route.path.split('/') }));
  return (method, path) => {
    const parts = path.split('/');
    const allowed = known.filter((candidate) => matches(candidate, parts)).map(({ route }) => route.method);
    if (allowed.length > 0) {
      const allow = [...new Set(allowed)].join(', ');
      return refusal('method.unknown', { method: method.slice(0, 16), allow: allow.split(', ') }, { allow });
    }
    const meant = nearest(known, parts);
    return refusal('route.unknown', meant === undefined ? {} : { suggestion: `did you mean ${meant}?` });
  };
};

const isName = (part: string): boolean => part.startsWith('{');

const matches = ({ parts }: Known, asked: readonly string[]): boolean =>
  parts.length === asked.length && parts.every((part, at) => isName(part) || part === asked[at]);

/** The route whose own words are nearest to the ones at their places. */
const nearest = (known: readonly Known[], asked: readonly string[]): string | undefined => {
  const trimmed = asked.at(-1) === '' ? asked.slice(0, -1) : asked;
  for (const { route, parts } of known) {
    if (parts.length !== trimmed.length) continue;
    if (matches({ route, parts }, trimmed)) return `${route.method} ${route.path}`;
    const near = parts.every((part, at) => isName(part) || suggest(trimmed[at] ?? '', [part]) !== undefined);
    if (near) return `${route.method} ${route.path}`;
  }
  return undefined;
};
