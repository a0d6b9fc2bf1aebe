import { prefixEnd, type Facts, type IndexRow } from '#aggregates/facts';
import type { Resources } from '#aggregates/host';
import { hostsByRoom } from '#aggregates/plasmavmc/host-load';
import { candidateOf, cellOf, cellPart, type Candidate } from '#aggregates/plasmavmc/room';

/**
 * Hosts that may take something, read from the index by room: the roomiest cells first, a few hosts of each, and none
 * of a cell in which nothing can have the room. What is read is bounded, however many hosts there are.
 */

export const bounds = {
  /** Hosts that are compared. */
  candidates: 64,
  /** Of one cell, as long as there are others. */
  perCell: 8,
  /** Rows of the index that are looked at. */
  rows: 512,
  /** Places of the index that are gone to. */
  seeks: 96,
} as const;

/** Rows are read so many at a time: those of one cell, and one that shows where to go on. */
const pageRows = bounds.perCell + 1;

export interface Found<Reason extends string> {
  readonly candidates: readonly Candidate[];
  /** How many rows were looked at and refused, by reason. */
  readonly refused: ReadonlyMap<Reason | 'noRoom', number>;
  /** Whether every host that was not looked at has no room. */
  readonly whole: boolean;
}

export const hasRoom = (free: Resources, need: Resources): boolean =>
  free.memoryBytes >= need.memoryBytes && free.cpuCount >= need.cpuCount && free.diskBytes >= need.diskBytes;

/** Hosts with this selector that have the room and that `refusal` has nothing against. */
export const findCandidates = <Reason extends string>(
  facts: Facts,
  selector: string,
  need: Resources,
  refusal: (candidate: Candidate) => Reason | undefined,
  limit: number = bounds.candidates,
): Found<Reason> => {
  const start = `${selector} `;
  const least = cellOf(need);
  const from = start + least[0];
  const candidates: Candidate[] = [];
  const refused = new Map<Reason | 'noRoom', number>();
  const perCell = new Map<string, number>();
  let to = prefixEnd(start) ?? '';
  let after: IndexRow | undefined;
  let whole = true;
  let rows = 0;
  for (let seeks = 0; ; seeks++) {
    if (seeks >= bounds.seeks || candidates.length >= limit) return { candidates, refused, whole: false };
    const page = facts.index(hostsByRoom, {
      from,
      to,
      reverse: true,
      limit: pageRows,
      ...(after === undefined ? {} : { after }),
    });
    let jump: string | undefined;
    for (const row of page) {
      const cell = row.key.slice(start.length, start.length + 3 * cellPart);
      jump = jumpFrom(cell, least);
      if (jump !== undefined) break;
      const taken = perCell.get(cell) ?? 0;
      if (taken >= bounds.perCell) {
        whole = false;
        jump = cell;
        break;
      }
      if (rows++ >= bounds.rows) return { candidates, refused, whole: false };
      const candidate = candidateOf(row.id, row.key);
      const why = hasRoom(candidate.free, need) ? refusal(candidate) : 'noRoom';
      if (why !== undefined) refused.set(why, (refused.get(why) ?? 0) + 1);
      else {
        perCell.set(cell, taken + 1);
        if (candidates.push(candidate) >= limit) return { candidates, refused, whole: false };
      }
    }
    if (jump !== undefined) {
      to = start + jump;
      after = undefined;
      if (to <= from) return { candidates, refused, whole };
    } else if (page.length < pageRows) return { candidates, refused, whole };
    else after = page.at(-1);
  }
};

/** Of a cell in which nothing has the room: what all cells begin with below which there is nothing up to it. */
const jumpFrom = (cell: string, least: readonly [string, string, string]): string | undefined => {
  if (cell.slice(cellPart, 2 * cellPart) < least[1]) return cell.slice(0, cellPart);
  return cell.slice(2 * cellPart) < least[2] ? cell.slice(0, 2 * cellPart) : undefined;
};
