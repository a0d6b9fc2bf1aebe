export interface LoadResult {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

/** `calls` of the latencies fell into the measured seconds. */
export const measured = (latencies: readonly number[], calls: number, seconds: number, failed: number): LoadResult => {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { callsPerSecond: calls / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed };
};
