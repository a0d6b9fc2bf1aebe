import type { Submission } from '#log/entry';

/** A command as it is sent, by its kind; the id is text. */
export type Asked = readonly [kind: string, id: string, body?: unknown, more?: Partial<Submission>];

export const many = <A>(count: number, command: (at: number) => A): readonly A[] =>
  Array.from({ length: count }, (_, at) => command(at));

/** Commands of one kind in one batch, with bodies as deciders take them. */
export const together = (
  command: string,
  count: number,
  of: (at: number) => { readonly id: string; readonly body: unknown },
): Asked => ['batch.apply', '', undefined, { body: { commands: many(count, (at) => ({ command, ...of(at) })) } }];
