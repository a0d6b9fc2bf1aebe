import { kind } from '#aggregates/facts';

/** What a machine has, what is taken of it, or what something needs. */
export interface Resources {
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** How much of what a host has may be promised, in percent of it. */
export interface Overcommit {
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  readonly diskPercent: number;
}

/** What may be asked of a host by those who put something on it. */
export interface HostFacts {
  /** `joining` before it first came; `lost` when it was not heard of for its time to live. */
  readonly phase: 'joining' | 'up' | 'lost';
  /** Whether something new may come to it. */
  readonly schedulable: boolean;
  /** The position at which it last came, 0 before: what it was given before that it holds no more. */
  readonly epoch: number;
  readonly capacity: Resources;
  /** Absent: the usual. */
  readonly overcommit?: Overcommit;
  /** Among them its failure domains, `zone` and `rack`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly capabilities: {
    readonly accelerators: readonly string[];
    readonly diskFormats: readonly string[];
    readonly features: readonly string[];
  };
}

/** A machine that takes part. */
export interface Host extends HostFacts {
  readonly cordonReason?: string;
  readonly description?: string;
  /** How long it is waited for; absent: the usual time. */
  readonly ttlSeconds?: number;
  readonly changedMs: number;
  readonly invitation?: { readonly digest: string; readonly untilMs: number };
  /** Of what has reported; absent before. */
  readonly agentVersion?: string;
}

export const hostKind = kind<Host>('host');

/** Processors are shared in time; memory and disk that are promised twice are missing when both are used. */
const usualOvercommit: Overcommit = { cpuPercent: 400, memoryPercent: 100, diskPercent: 100 };

/** What may be promised of a host. */
export const roomOf = ({ capacity, overcommit = usualOvercommit }: HostFacts): Resources => ({
  cpuCount: Math.floor((capacity.cpuCount * overcommit.cpuPercent) / 100),
  memoryBytes: Math.floor((capacity.memoryBytes * overcommit.memoryPercent) / 100),
  diskBytes: Math.floor((capacity.diskBytes * overcommit.diskPercent) / 100),
});

/** How long a host is waited for that is not heard of. */
export const ttlSecondsOf = ({ ttlSeconds = 30 }: Pick<Host, 'ttlSeconds'>): number => ttlSeconds;

/** Whether something new may be put on it. */
export const isOpen = ({ phase, schedulable, epoch }: HostFacts): boolean => phase === 'up' && schedulable && epoch > 0;
