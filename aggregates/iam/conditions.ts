import type { Asker } from '#aggregates/access';
import { contains, networkOf } from '#aggregates/iam/network';

/** When a binding holds, as its state has it. */
export interface Conditions {
  readonly notBefore?: number;
  readonly expiresAt?: number;
  readonly dailyFrom?: string;
  readonly dailyTo?: string;
  readonly days?: readonly string[];
  readonly networks?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Undefined when the conditions hold, otherwise which one does not. */
export type Held = (asker: Asker, labels: () => Readonly<Record<string, string>>) => string | undefined;

const dayMs = 86_400_000;

const days = ['thursday', 'friday', 'saturday', 'sunday', 'monday', 'tuesday', 'wednesday'];

const minuteOf = (written: string): number => Number(written.slice(0, 2)) * 60 + Number(written.slice(3));

/** Undefined when there are none, so that most bindings cost nothing. */
export const heldOf = (conditions: Conditions): Held | undefined => {
  const { notBefore, expiresAt, dailyFrom, dailyTo, days: onDays, labels: wanted } = conditions;
  const networks = conditions.networks?.map(networkOf).filter((network) => network !== undefined);
  const from = dailyFrom === undefined ? 0 : minuteOf(dailyFrom);
  const to = dailyTo === undefined ? 24 * 60 : minuteOf(dailyTo);
  const isDaily = dailyFrom !== undefined || dailyTo !== undefined;
  if (
    notBefore === undefined &&
    expiresAt === undefined &&
    !isDaily &&
    onDays === undefined &&
    networks === undefined &&
    wanted === undefined
  ) {
    return undefined;
  }
  return ({ now, address }, labels) => {
    if (notBefore !== undefined && now < notBefore) return 'notBefore';
    if (expiresAt !== undefined && now >= expiresAt) return 'expiresAt';
    // 1970 began on a Thursday.
    if (onDays !== undefined && !onDays.includes(days[Math.floor(now / dayMs) % 7] ?? '')) return 'days';
    if (isDaily) {
      const minute = Math.floor((now % dayMs) / 60_000);
      const inside = from <= to ? minute >= from && minute < to : minute >= from || minute < to;
      if (!inside) return 'daily';
    }
    if (networks !== undefined && !networks.some((network) => contains(network, address))) return 'networks';
    if (wanted !== undefined) {
      const found = labels();
      for (const name of Object.keys(wanted)) if (found[name] !== wanted[name]) return 'labels';
    }
    return undefined;
  };
};
