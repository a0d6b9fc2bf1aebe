import { kind, type Facts, type Versioned } from '#aggregates/facts';

/** The parts of `noun/id`; a text without a slash is all noun. */
export const nounAndId = (name: string): readonly [noun: string, id: string] => {
  const slash = name.indexOf('/');
  return slash === -1 ? [name, ''] : [name.slice(0, slash), name.slice(slash + 1)];
};

/** The object that `noun/id` names. */
export const named = <S>(facts: Facts, name: string): Versioned<S> | undefined => {
  const [noun, id] = nounAndId(name);
  return facts.get(kind<S>(noun), id);
};
