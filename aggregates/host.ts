import { kind } from '#aggregates/facts';

/** A machine that takes part. What decisions of every component ask of one is here. */
export interface Host {
  /** `joining` before it first came; `lost` when it was not heard of for its time to live. */
  readonly phase: 'joining' | 'up' | 'lost';
  /** Whether something may be placed there. */
  readonly schedulable: boolean;
  readonly cordonReason?: string;
  /** The position at which it last came, 0 before: what it was given before that it holds no more. */
  readonly epoch: number;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ttlSeconds: number;
  readonly changedMs: number;
  readonly invitation?: { readonly digest: string; readonly untilMs: number };
  readonly capacity?: HostCapacity;
  readonly capabilities?: HostCapabilities;
  readonly agentVersion?: string;
}

export interface HostCapacity {
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export interface HostCapabilities {
  /** The fastest first. */
  readonly accelerators: readonly string[];
  readonly diskFormats: readonly string[];
  readonly features: readonly string[];
}

export const hostKind = kind<Host>('host');
