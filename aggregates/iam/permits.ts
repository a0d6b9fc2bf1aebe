/** What a role permits, so that one look answers. */
export interface Permits {
  readonly all: boolean;
  readonly exact: ReadonlySet<string>;
  readonly nouns: ReadonlySet<string>;
  readonly verbs: ReadonlySet<string>;
  /** Permissions that are left out of all these. */
  readonly except: ReadonlySet<string>;
  /** What was answered before: there are few permissions, and each is asked for again and again. */
  readonly answered: Map<string, boolean>;
}

/** Roles of equal patterns share one, so that a thousand standings of ten roles hold ten. */
const shared = new Map<string, Permits>();

/** More than most clusters have roles; whoever makes others must not make this grow. */
const maxShared = 10_000;

export const permitsOf = (patterns: readonly string[], except: readonly string[] = []): Permits => {
  const key = `${patterns.join()}\0${except.join()}`;
  const known = shared.get(key);
  if (known !== undefined) return known;
  const made = permitsFrom(patterns, except);
  if (shared.size >= maxShared) shared.clear();
  shared.set(key, made);
  return made;
};

const permitsFrom = (patterns: readonly string[], except: readonly string[]): Permits => {
  const exact = new Set<string>();
  const nouns = new Set<string>();
  const verbs = new Set<string>();
  for (const pattern of patterns) {
    if (pattern.endsWith('.*')) nouns.add(pattern.slice(0, -2));
    else if (pattern.startsWith('*.')) verbs.add(pattern.slice(2));
    else exact.add(pattern);
  }
  return { all: exact.has('*'), exact, nouns, verbs, except: new Set(except), answered: new Map() };
};

/** More than there are; whoever asks for others must not make this grow. */
const maxAnswered = 1_000;

/** Whether a permission, which is no pattern, is among them. */
export const permitsOne = (permits: Permits, permission: string): boolean => {
  const known = permits.answered.get(permission);
  if (known !== undefined) return known;
  const found = isPermitted(permits, permission);
  if (permits.answered.size < maxAnswered) permits.answered.set(permission, found);
  return found;
};

const isPermitted = ({ all, exact, nouns, verbs, except }: Permits, permission: string): boolean => {
  if (except.size > 0 && except.has(permission)) return false;
  if (all || exact.has(permission)) return true;
  if (nouns.size === 0 && verbs.size === 0) return false;
  const dot = permission.indexOf('.');
  return nouns.has(permission.slice(0, dot)) || verbs.has(permission.slice(dot + 1));
};
