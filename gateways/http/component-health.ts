import { alarmKind, timerAlarm } from '#aggregates/alarm';
import { prefixEnd } from '#aggregates/facts';
import type { Component } from '#log/component';
import type { Engine } from '#log/engine';

/** `alarmed`: it goes on, and an operator must look at something. `failed`: its objects cannot be read. */
export interface ComponentHealth {
  readonly status: 'ok' | 'alarmed' | 'failed';
}

/** How a component is at the position that is shown: a bounded number of reads, however many objects there are. */
export const healthOf = (engine: Engine, { aggregates }: Component): ComponentHealth => {
  try {
    const { facts } = engine;
    for (const { kind } of aggregates) facts.range(kind, { from: '', limit: 1 });
    const alarmed = aggregates.some(({ kind: { noun } }) =>
      [`${noun}/`, timerAlarm(noun, '')].some(
        (prefix) => facts.range(alarmKind, { from: prefix, ...endOf(prefix), limit: 1 }).length > 0,
      ),
    );
    return { status: alarmed ? 'alarmed' : 'ok' };
  } catch {
    // Why names files of the machine, and whoever asks may be anybody; whoever writes next hears of it.
    return { status: 'failed' };
  }
};

const endOf = (prefix: string): { readonly to?: string } => {
  const to = prefixEnd(prefix);
  return to === undefined ? {} : { to };
};
