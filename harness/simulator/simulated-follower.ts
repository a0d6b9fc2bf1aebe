import type { Happened } from '#aggregates/decision';
import type { Engine } from '#log/engine';
import type { Outcome } from '#log/outcome';
import { WatchHub, type Watch, type WatchedRange } from '#log/watch';
import type { Random } from '#harness/simulator/random';
import type { SimulatedNode } from '#harness/simulator/simulated-node';

/** A reader that follows changes of some nouns from the beginning, on one node after the other. */
export interface Follower {
  /** Goes on behind what it has, on this node, unless it follows one already. */
  follow(node: SimulatedNode): void;
  /** The connection to a node is cut. */
  cut(node: SimulatedNode): void;
  /** It has been told of everything up to the position, and follows somebody. */
  reached(position: number): boolean;
  /** What it was told differs from what was recorded, in words. */
  complete(engine: Engine): string | undefined;
}

const NOUNS = ['key', 'lease', 'doc'];
const ranges: readonly WatchedRange[] = NOUNS.map((noun) => ({ noun, from: '' }));

interface Connection {
  readonly node: SimulatedNode;
  readonly hub: WatchHub;
  watch?: Watch;
}

export const simulatedFollower = (
  random: Random,
  pause: () => Promise<void>,
  note: (invariant: string) => void,
): Follower => {
  const told = new Map<number, string>();
  let position = 0;
  let connection: Connection | undefined;

  const follow = (node: SimulatedNode): void => {
    if (connection !== undefined) return;
    const own: Connection = { node, hub: new WatchHub(node.engine) };
    connection = own;
    own.watch = own.hub.watch(ranges, position, {
      frame: (frame) => {
        if (connection !== own) return true;
        // A reader that is too slow takes nothing more, and is told where it can go on.
        if (random.chance(0.02)) return false;
        if (frame.position <= position) note(`a watch was told of ${frame.position} after ${position}`);
        told.set(frame.position, textOf(frame.events));
        position = frame.position;
        return true;
      },
      ready: () => (connection === own && random.chance(0.1) ? pause() : undefined),
      bookmark: (at) => {
        if (connection === own) position = Math.max(position, at);
      },
      closed: (lastPosition) => {
        if (connection !== own) return;
        if (lastPosition < position) note(`a watch was closed at ${lastPosition}, but told of ${position}`);
        position = lastPosition;
        connection = undefined;
        own.hub.close();
      },
    });
  };

  const leave = (): void => {
    const left = connection;
    connection = undefined;
    left?.hub.close();
  };

  return {
    follow,
    cut: (node) => {
      if (connection?.node === node) leave();
    },
    reached: (wanted) => (connection?.watch?.position ?? 0) >= wanted,
    complete: (engine) => {
      leave();
      for (const outcome of engine.outcomes(1, engine.head.position)) {
        const expected = watchedOf(outcome);
        const found = told.get(outcome.position);
        if (found === expected) continue;
        return `a watch was told ${found ?? 'nothing'} at ${outcome.position}, not ${expected ?? 'nothing'}`;
      }
      return undefined;
    },
  };
};

const watchedOf = ({ result }: Outcome): string | undefined => {
  if (result.status !== 'accepted') return undefined;
  const events = result.events.filter(({ kind }) => NOUNS.includes(kind.slice(0, kind.indexOf('.'))));
  return events.length === 0 ? undefined : textOf(events);
};

const textOf = (events: readonly Happened[]): string => JSON.stringify(events);
