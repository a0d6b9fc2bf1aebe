/** What a role permits, so that one look answers. */
export interface Permits {
  readonly all: boolean;
  readonly exact: ReadonlySet<string>;
  readonly nouns: ReadonlySet<string>;
  readonly verbs: ReadonlySet<string>;
  /** Permissions that are left out of all these. */
  readonly except: ReadonlySet<string>;
}

export const permitsOf = (patterns: readonly string[], except: readonly string[] = []): Permits => {
  const exact = new Set<string>();
  const nouns = new Set<string>();
  const verbs = new Set<string>();
  for (const pattern of patterns) {
    if (pattern.endsWith('.*')) nouns.add(pattern.slice(0, -2));
    else if (pattern.startsWith('*.')) verbs.add(pattern.slice(2));
    else exact.add(pattern);
  }
  return { all: exact.has('*'), exact, nouns, verbs, except: new Set(except) };
};

/** Whether a permission, which is no pattern, is among them. */
export const permitsOne = ({ all, exact, nouns, verbs, except }: Permits, permission: string): boolean => {
  if (except.size > 0 && except.has(permission)) return false;
  if (all || exact.has(permission)) return true;
  if (nouns.size === 0 && verbs.size === 0) return false;
  const dot = permission.indexOf('.');
  return nouns.has(permission.slice(0, dot)) || verbs.has(permission.slice(dot + 1));
};
