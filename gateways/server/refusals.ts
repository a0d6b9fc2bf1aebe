import { authorityOf, breakGlass } from '#log/authority';
import type { Engine } from '#log/engine';
import { factsAt } from '#log/past';
import type { Node } from '#gateways/node';

/**
 * Judges reads with the same eyes as decisions, on what is published: the position that comes next. Made before what
 * hands changes to watches, so that who loses a right hears of it before the changes of the same group.
 */
export const refusalsOf = (engine: Engine, now: () => number): Pick<Node, 'refuses' | 'onRightsChanged'> => {
  const { vocabulary } = engine;
  const { access } = vocabulary;
  const authority = authorityOf(vocabulary);
  const listeners = new Set<() => void>();
  const newest = (): number => access?.changedAt(engine.facts) ?? 0;
  let changedAt = 0;
  engine.onApplied(() => {
    if (listeners.size === 0 || newest() === changedAt) return;
    changedAt = newest();
    for (const listener of [...listeners]) listener();
  });
  return {
    refuses: ({ name, credential, address }, permission, range, at) => {
      if (name === breakGlass) return undefined;
      const { position, nowMs, level } = engine.head;
      const moment = {
        position: position + 1,
        now: Math.max(nowMs, now()),
        level,
        principal: name,
        credential,
        address,
      };
      const isPast = at !== undefined && at < position;
      const was = isPast ? { facts: factsAt(engine.rows, at, vocabulary), position: at } : undefined;
      return authority.objects(permission, range, engine.facts, moment, was);
    },
    onRightsChanged: (listener) => {
      if (listeners.size === 0) changedAt = newest();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
