import type { Facts, IdRange } from '#aggregates/facts';

/** Who asks: by what it is recorded under, what it showed and where it asked from. */
export interface Asker {
  readonly principal: string;
  readonly credential: string;
  /** An IP address; empty for the process itself. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Objects of one noun whose ids lie in a range, be they there or not. */
export interface NounRange extends Pick<IdRange, 'from' | 'to'> {
  readonly noun: string;
}

/** One object, as a range of one id. */
export const only = (noun: string, id: string): NounRange => ({ noun, from: id, to: `${id}\0` });

/** What is asked of: objects, and whose they are. */
export interface Target {
  /** The objects above it, from the outermost on, as `noun/id`; the cluster stands above all and is not named. */
  readonly owners: readonly string[];
  /** Absent: what is asked of is the last owner itself, or the cluster when there is none. */
  readonly objects?: NounRange;
}

/** What somebody was granted, looked up once and asked often. */
export interface Standing {
  /** Why nothing is granted at the moment, such as a session that was revoked. */
  ended(now: number): string | undefined;
  /**
   * Whether a permission is granted, and not denied, for all of a target. `facts` are those of the asking: a standing
   * that held its own would keep their rows in memory for as long as it is kept.
   */
  permits(permission: string, target: Target, asker: Asker, facts: Facts): boolean;
}

/** A role that somebody has somewhere, as people are told of it. */
export interface Grant {
  readonly binding: string;
  /** Through whom it is had: the principal itself, a group, or everyone. */
  readonly subject: string;
  readonly role: string;
  readonly effect: 'allow' | 'deny';
  /** `cluster`, an owner or an object as `noun/id`, or all whose ids begin so, as in `key/app/…`. */
  readonly place: string;
}

/** How a grant fares with a question. */
export interface ConsideredGrant extends Grant {
  /** Whether the role permits it. */
  readonly permits: boolean;
  /** Whether it holds for what is asked of. */
  readonly covers: boolean;
  /** The condition that is not met. */
  readonly unmet?: string;
}

/** Whether somebody may do something. */
export interface Question extends Omit<Asker, 'credential'> {
  readonly permission: string;
  readonly target: Target;
  /** Absent: whatever is shown. */
  readonly credential?: string;
}

export interface Explanation {
  readonly allowed: boolean;
  /**
   * `granted` or `denied` by a binding; `own`: everybody may, of itself; `ended`: nothing is granted at the moment;
   * `missing`: nothing grants it.
   */
  readonly reason: 'granted' | 'own' | 'denied' | 'ended' | 'missing';
  /** The binding that grants or denies it. */
  readonly binding?: string;
  /** What has ended, such as `session.revoked`. */
  readonly ended?: string;
  readonly considered: readonly ConsideredGrant[];
  /** Roles that permit it and can be bound there, those first that permit least. */
  readonly roles: readonly string[];
}

/** One who may do something, or to whom it is denied. */
export interface Holder {
  readonly principal: string;
  /** Absent: it is about the principal itself. */
  readonly grant?: Grant;
  /** The condition that is not met by a request at the moment from nowhere. */
  readonly unmet?: string;
}

export interface Holders {
  readonly allowed: readonly Holder[];
  readonly denied: readonly Holder[];
  /** There are more than are listed. */
  readonly more: boolean;
}

/** A role of the release. */
export interface BuiltinRole {
  readonly id: string;
  readonly description: string;
  readonly permissions: readonly string[];
  /** Left out of what the patterns permit. */
  readonly except: readonly string[];
}

/** Judges who may do what. Brought by the component that keeps identities. */
export interface Access {
  /** What changes with everything that answers rest on; it is asked for with every command. */
  readonly changed: { readonly noun: string; readonly id: string };
  /** The position of the last change that answers rest on: a standing holds as long as this stays. */
  changedAt(facts: Facts): number;
  /** Without a credential: of a principal, whatever it shows. */
  standing(facts: Facts, principal: string, credential: string | undefined): Standing;
  /** As a standing judges, with every rule that was looked at. */
  explain(facts: Facts, question: Question): Explanation;
  /** Everybody who may do something to a target. */
  whoCan(facts: Facts, permission: string, target: Target, now: number): Holders;
  /** All that a principal has, by itself and through groups. */
  grants(facts: Facts, principal: string): readonly Grant[];
  readonly builtinRoles: readonly BuiltinRole[];
}
