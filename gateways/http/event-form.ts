import type { AnyCodec, Codec } from '#commands/codec/codec';
import { bytesToText } from '#commands/codec/bytes';
import { encode } from '#commands/codec/encode';
import { instantToText } from '#commands/codec/instant';
import { object } from '#commands/codec/object';
import type { Happened } from '#aggregates/decision';
import type { Outcome, Rejected } from '#log/outcome';
import type { Vocabulary } from '#log/vocabulary';

/** A JSON object. */
export type Form = Readonly<Record<string, unknown>>;

/** The JSON forms of what the log recorded. */
export interface Forms {
  /** `id`, or for bytes their own name, as in `key` or `keyBase64`; nothing for what is about no single thing. */
  id(noun: string, id: string): Form;
  event(event: Happened): Form;
  events(events: readonly Happened[]): readonly Form[];
  reply(kind: string, reply: unknown): Form;
  /** As a line of the log. */
  outcome(outcome: Outcome): Form;
}

export const formsOf = (vocabulary: Vocabulary): Forms => {
  const ids = new Map<string, (id: string) => Form>();
  const bodies = new Map<string, AnyCodec>();
  for (const [noun, aggregate] of vocabulary.aggregates) {
    const codec = aggregate.commands.find((spec) => spec.id !== undefined)?.id ?? vocabulary.views.get(noun)?.spec.id;
    if (codec !== undefined) ids.set(noun, idForm(codec));
    for (const [kind, body] of Object.entries(aggregate.events)) bodies.set(kind, body);
  }
  const id: Forms['id'] = (noun, value) => (value === '' ? {} : (ids.get(noun)?.(value) ?? { id: value }));
  const event: Forms['event'] = (happened) => {
    const codec = bodies.get(happened.kind);
    const body = codec === undefined ? {} : encode(codec, happened.body);
    return { kind: happened.kind, ...id(nounOf(happened.kind), happened.id), body };
  };
  const events: Forms['events'] = (happened) => happened.map(event);
  const reply: Forms['reply'] = (kind, value) => {
    const codec = vocabulary.commands.get(kind)?.reply;
    return codec === undefined || value === undefined ? {} : (encode(codec, value) as Form); // Replies are objects.
  };
  const result = ({ kind, result: came }: Outcome): Form => {
    switch (came.status) {
      case 'accepted':
        return { outcome: 'accepted', events: events(came.events), ...reply(kind, came.reply) };
      case 'rejected':
        return { outcome: 'rejected', ...rejectedForm(came) };
      case 'duplicate':
        return { outcome: 'duplicate', original: came.original };
    }
  };
  const outcome: Forms['outcome'] = (recorded) => ({
    position: recorded.position,
    time: instantToText(recorded.nowMs),
    command: recorded.kind,
    ...id(nounOf(recorded.kind), recorded.id),
    principal: recorded.principal,
    credential: recorded.credential,
    source: recorded.source,
    ...(recorded.address === '' ? {} : { address: recorded.address }),
    ...(recorded.requestId === undefined ? {} : { requestId: recorded.requestId }),
    ...result(recorded),
  });
  return { id, event, events, reply, outcome };
};

/** Property order is that of the fixed answer; `position` goes between `fix` and `detail`. */
export const rejectedForm = ({ code, category, message, fix, detail }: Rejected, position?: number): Form => ({
  code,
  category,
  message,
  fix,
  ...(position === undefined ? {} : { position }),
  ...(detail === undefined ? {} : { detail: readable(detail) }),
});

/** Ids of bytes stand in details as one char per byte; where they are UTF-8 they are shown as what they spell. */
const readable = (detail: NonNullable<Rejected['detail']>): Form =>
  Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      typeof value === 'string' && /^[\u0000-\u00ff]*$/.test(value) ? (bytesToText(value) ?? value) : value,
    ]),
  );

const idForm = (codec: AnyCodec): ((id: string) => Form) => {
  const { shape } = codec;
  if (shape.kind !== 'bytes') return (id) => ({ id });
  const named = object({ [shape.noun ?? 'id']: codec as Codec<string> });
  return (id) => encode(named, { [shape.noun ?? 'id']: id }) as Form;
};

const nounOf = (kind: string): string => kind.slice(0, kind.indexOf('.'));
