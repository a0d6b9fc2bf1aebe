import { kind } from '#aggregates/facts';

export interface Group {
  readonly organisation: string;
  readonly description?: string;
  /** In order. */
  readonly members: readonly string[];
}

export const groupKind = kind<Group>('group');

/** Index of groups by their members. */
export const groupsByMember = 'group.by-member';
