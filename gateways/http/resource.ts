import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { bytesToText } from '#commands/codec/bytes';
import type { AnyCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import type { Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';
import { only, type NounRange, type Target } from '#aggregates/access';
import type { Facts } from '#aggregates/facts';
import { nounAndId } from '#aggregates/named';
import { askedOfRange } from '#log/authority';
import type { Vocabulary } from '#log/vocabulary';

/** What is asked of: one object, or the cluster without one. */
export interface Resource {
  /** As people write it. */
  readonly text: string;
  readonly range: NounRange | undefined;
}

/** The id of an object as commands take it; nouns without one have no single objects. */
const idCodec = (vocabulary: Vocabulary, noun: string): AnyCodec | undefined =>
  vocabulary.aggregates.get(noun)?.commands.find((spec) => spec.id !== undefined)?.id ??
  vocabulary.views.get(noun)?.spec.id;

/** Reads `cluster` or `noun/id`, of one char for each byte. */
export const resourceIn = (vocabulary: Vocabulary, written: string): Either<readonly Problem[], Resource> => {
  const text = shown(written);
  if (written === 'cluster') return right({ text, range: undefined });
  const nouns = [...vocabulary.aggregates.keys()].filter((noun) => idCodec(vocabulary, noun) !== undefined);
  const problem = (expected: string, got: string, hint?: string): Either<readonly Problem[], never> =>
    left([{ path: 'resource', expected, got, ...(hint === undefined ? {} : { hint }) }]);
  const [noun, id] = nounAndId(written);
  const codec = idCodec(vocabulary, noun);
  if (codec === undefined) {
    const hint = didYouMean(noun, [...nouns, 'cluster']);
    return problem('cluster, or noun/id with a noun such as project or key', JSON.stringify(text.slice(0, 64)), hint);
  }
  if (noun === written) return problem(`${noun}/ and an id`, JSON.stringify(text));
  const form =
    codec.shape.kind === 'bytes' ? { base64: Buffer.from(id, 'latin1').toString('base64') } : bytesToText(id);
  const decoded = decode(codec, form ?? '\ud800');
  if (isLeft(decoded)) return left(decoded.left.map((found) => ({ ...found, path: 'resource' })));
  return right({ text, range: only(noun, decoded.right as string) }); // Ids are text or binary strings.
};

/** What a permission is asked of; of the cluster, where only what was granted for all of it counts. */
export const targetOf = (vocabulary: Vocabulary, permission: string, { range }: Resource, facts: Facts): Target => {
  const isOfCluster = vocabulary.commands.get(permission)?.ofCluster === true;
  return askedOfRange(vocabulary, permission, isOfCluster ? undefined : range, facts).target;
};

/** Bytes as the text that they spell, where they do. */
export const shown = (written: string): string =>
  /^[\u0000-\u00ff]*$/.test(written) ? (bytesToText(written) ?? written) : written;

/** The objects that a refusal names, as `resourceOf` of the log writes them; undefined for the cluster. */
export const rangeNamed = (vocabulary: Vocabulary, named: string): NounRange | undefined => {
  const [noun, ids] = nounAndId(named);
  if (noun === named || !vocabulary.aggregates.has(noun)) return undefined;
  const [from = '', to] = ids.split('…');
  if (to === undefined) return only(noun, from);
  return to === '' ? { noun, from } : { noun, from, to };
};
