import type { LogGroup } from '#log/log';

const MOST_BYTES = 4 * 1024 * 1024;
const MOST_GROUPS = 4096;

/** The groups appended last, for readers that are close behind. The newest is always among them. */
export interface Recent {
  readonly push: (group: LogGroup, bytes: number) => void;
  /** The group that holds a position, without what is before it; undefined when it is not among them. */
  readonly from: (position: number) => LogGroup | undefined;
}

const firstOf = (group: LogGroup): number => group.entries[0]?.position ?? 0;

export const createRecent = (): Recent => {
  const kept: { readonly group: LogGroup; readonly bytes: number }[] = [];
  let bytes = 0;
  let dropped = 0;

  const drop = (): void => {
    bytes -= kept[dropped]?.bytes ?? 0;
    dropped++;
    if (dropped * 2 > kept.length) {
      kept.splice(0, dropped);
      dropped = 0;
    }
  };

  return {
    push: (group, groupBytes) => {
      kept.push({ group, bytes: groupBytes });
      bytes += groupBytes;
      while (kept.length - dropped > 1 && (bytes > MOST_BYTES || kept.length - dropped > MOST_GROUPS)) drop();
    },
    from: (position) => {
      let [low, high] = [dropped, kept.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >>> 1;
        if (firstOf((kept[middle] as { group: LogGroup }).group) <= position) low = middle;
        else high = middle - 1;
      }
      const group = kept[low]?.group;
      const first = group === undefined ? 0 : firstOf(group);
      if (group === undefined || position < first || position >= first + group.entries.length) return undefined;
      return position === first ? group : { entries: group.entries.slice(position - first), durable: group.durable };
    },
  };
};
