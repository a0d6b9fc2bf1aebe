import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { alarmKind } from '#aggregates/alarm';
import type { Node } from '#gateways/node';

/** Counted no further: as many as nobody reads. */
const maxAlarms = 1_000;

/** Counts the requests of one route. */
export interface Meter {
  observe(status: number, seconds: number): void;
}

export interface Metrics {
  meter(method: string, route: string): Meter;
  /** Counts a request that never came to its route. */
  refused(status: number): void;
  text(): Promise<string>;
  readonly type: string;
  close(): void;
}

export const metricsOf = (node: Node, streams: { readonly size: number }): Metrics => {
  const registers = [new Registry()];
  const [register] = registers as [Registry];
  const { engine } = node;
  collectDefaultMetrics({ register });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `ultracloud_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('position', 'The newest position that is durable and applied.', () => engine.head.position);
  gauge('level', 'The feature level of the cluster.', () => engine.head.level);
  gauge('backlog', 'Commands that wait to be appended or decided.', () => engine.backlog);
  gauge('writes_accepted', 'Whether commands are taken: 1, or 0.', () => (engine.refusing === undefined ? 1 : 0));
  gauge('notices', 'Things that `ultracloud status` tells an operator to look after.', () => node.notices().length);
  const { disk } = node;
  if (disk !== undefined) {
    gauge('disk_free_bytes', 'Free on the disk of the data directory.', () => disk.freeBytes);
    gauge('disk_floor_bytes', 'Commands are refused when less is free.', () => disk.floorBytes);
  }
  gauge(
    'alarms',
    'Objects that an operator must look at, such as those whose timer was refused.',
    () => engine.facts.range(alarmKind, { from: '', limit: maxAlarms }).length,
  );
  gauge('http_streams', 'Watches and followed logs that are open over HTTP.', () => streams.size);
  gauge('watches', 'Watches that are open, of every gateway.', () => node.watchCount());
  gauge('uptime_seconds', 'How long this node has been serving.', () => (engine.now - node.startedMs) / 1000);
  const requests = new Counter({
    name: 'ultracloud_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'ultracloud_http_request_seconds',
    help: 'From the arrival of a request to its answer.',
    labelNames: ['method', 'route'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const outcomes = new Counter({
    name: 'ultracloud_outcomes_total',
    help: 'Outcomes applied, by command and by what became of it.',
    labelNames: ['command', 'outcome'] as const,
    registers,
  });
  const groups = new Histogram({
    name: 'ultracloud_group_entries',
    help: 'Entries that were written with one flush and shown together.',
    registers,
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  });
  const applySeconds = new Histogram({
    name: 'ultracloud_apply_seconds',
    help: 'From the time that the log gave a group to when it was durable and shown.',
    registers,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });
  const applied = new Map<string, Counter.Internal>();
  const stopListening = engine.onApplied((batch) => {
    groups.observe(batch.length);
    applySeconds.observe(Math.max(0, engine.now - (batch[0]?.nowMs ?? engine.now)) / 1000);
    for (const { kind, result } of batch) {
      const name = `${kind} ${result.status}`;
      const known = applied.get(name);
      if (known !== undefined) known.inc();
      else {
        const fresh = outcomes.labels(kind, result.status);
        applied.set(name, fresh);
        fresh.inc();
      }
    }
  });
  return {
    meter: (method, route) => {
      const timed = seconds.labels(method, route);
      const counted = new Map<number, Counter.Internal>();
      return {
        observe: (status, took) => {
          let count = counted.get(status);
          if (count === undefined) counted.set(status, (count = requests.labels(method, route, String(status))));
          count.inc();
          timed.observe(took);
        },
      };
    },
    refused: (status) => requests.inc({ method: '', route: '', status: String(status) }),
    text: () => register.metrics(),
    type: register.contentType,
    close: () => {
      stopListening();
      register.clear();
    },
  };
};
