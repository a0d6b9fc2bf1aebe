import { left, right, type Either } from 'fp-ts/lib/Either';
import type { Rejection } from '#commands/rejection';
import { only, type NounRange } from '#aggregates/access';
import { breakGlass } from '#log/authority';
import { stateKey } from '#log/key';
import { rowsAt } from '#log/past';
import type { Vocabulary } from '#log/vocabulary';
import type { Frame } from '#log/watch';
import type { Caller, Node } from '#gateways/node';

/** How often it is looked whether a right has ended by time; whether one was taken is looked at as that happens. */
const lookMs = 5_000;

/** What of the changes of some ranges a caller may see. */
export interface Sight {
  /** The frame itself when all of it may be seen; undefined when nothing may. */
  seen(frame: Frame): Frame | undefined;
  /** Why nothing more may be shown. */
  lost(): Rejection | undefined;
}

const everything: Sight = { seen: (frame) => frame, lost: () => undefined };

/** What must be allowed to read objects of a noun. */
export const readPermission = ({ views }: Vocabulary, noun: string): string =>
  views.get(noun)?.spec.permission ?? `${noun}.read`;

/**
 * Of a range that may be read whole at first everything is shown, until that is no more so. Of any other range those
 * objects are shown that may be read when they change; a single object must be readable.
 */
export const sightOf = (node: Node, caller: Caller, ranges: readonly NounRange[]): Either<Rejection, Sight> => {
  if (caller.name === breakGlass) return right(everything);
  const refused = ({ noun, from, to }: NounRange): Rejection | undefined => {
    const range = to === undefined ? { noun, from } : { noun, from, to };
    return node.refuses(caller, readPermission(node.engine.vocabulary, noun), range);
  };
  const whole: NounRange[] = [];
  const parts: NounRange[] = [];
  for (const range of ranges) {
    const why = refused(range);
    if (why === undefined) whole.push(range);
    else if (isEnded(why) || range.to === `${range.from}\0`) return left(why);
    else parts.push(range);
  }
  return right({
    seen: (frame) => {
      if (parts.length === 0) return frame;
      const events = frame.events.filter(({ kind, id }) =>
        seesAt(node, caller, { noun: kind.slice(0, kind.indexOf('.')), id }, frame.position),
      );
      if (events.length === frame.events.length) return frame;
      return events.length === 0 ? undefined : { ...frame, events };
    },
    lost: () => {
      for (const range of whole) {
        const why = refused(range);
        if (why !== undefined) return why;
      }
      const [part] = parts;
      const why = part === undefined ? undefined : refused(part);
      return why !== undefined && isEnded(why) ? why : undefined;
    },
  });
};

/** Whether a caller may know what happened to an object at a position; of its end, as long as it belonged to it. */
export const seesAt = (
  node: Node,
  caller: Caller,
  { noun, id }: { readonly noun: string; readonly id: string },
  position: number,
): boolean => {
  const { rows, vocabulary } = node.engine;
  const sees = (at: number): boolean =>
    node.refuses(caller, readPermission(vocabulary, noun), only(noun, id), at) === undefined;
  if (sees(position)) return true;
  return rowsAt(rows, position).get('state', stateKey(noun, id)) === undefined && sees(position - 1);
};

/** Tells once when a caller has lost what a stream shows; gives what ends that. */
export const untilLost = (
  node: Node,
  caller: Caller,
  lost: () => Rejection | undefined,
  end: (why: Rejection) => void,
): (() => void) => {
  if (caller.name === breakGlass) return () => undefined;
  const look = (): void => {
    const why = lost();
    if (why === undefined) return;
    stop();
    end(why);
  };
  const stopListening = node.onRightsChanged(look);
  const timer = setInterval(look, lookMs).unref();
  const stop = (): void => {
    stopListening();
    clearInterval(timer);
  };
  return stop;
};

const isEnded = ({ code }: Rejection): boolean => code === 'credential.ended';
