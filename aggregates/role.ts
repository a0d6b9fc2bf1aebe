import { kind } from '#aggregates/facts';

/** Who holds a role; the position of the change is the fencing token, so an older holder can be told apart. */
export interface Role {
  readonly holder: string;
}

export const roleKind = kind<Role>('role');

/** The process that hears renewals and says who is gone. */
export const livenessRole = 'liveness';
