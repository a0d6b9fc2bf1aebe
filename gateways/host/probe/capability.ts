/** Something that a host can do, or cannot, as it was found by trying it. */
export interface Capability {
  readonly name: string;
  /** `unknown` where it could not be tried. */
  readonly state: 'yes' | 'no' | 'unknown';
  /** How it was found, and what was. */
  readonly found: string;
  /** What this host needs to have it; absent where it has it. */
  readonly missing?: string;
}

export const yes = (name: string, found: string): Capability => ({ name, state: 'yes', found });

export const no = (name: string, found: string, missing: string): Capability => ({ name, state: 'no', found, missing });

export const unknown = (name: string, found: string, missing: string): Capability => ({
  name,
  state: 'unknown',
  found,
  missing,
});
