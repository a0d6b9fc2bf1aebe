import type { AnyCodec, Shape } from '#commands/codec/codec';
import type { Random } from '#harness/simulator/random';

/** Few ids of each noun, so that commands meet. */
export type Ids = Readonly<Record<string, readonly string[]>>;

/** Draws a decoded value of a shape. Small where there is a choice: collisions are what a simulation is after. */
export const draw = ({ shape }: AnyCodec, random: Random, ids: Ids): unknown => drawShape(shape, random, ids);

const drawShape = (shape: Shape, random: Random, ids: Ids): unknown => {
  switch (shape.kind) {
    case 'text':
      return drawText(shape, random, ids);
    case 'bytes': {
      const text =
        shape.noun !== undefined && ids[shape.noun] !== undefined ? random.pick(ids[shape.noun] ?? []) : word(random);
      return shape.binaryString ? text : Buffer.from(text);
    }
    case 'integer':
      return Math.min(shape.max, shape.min + random.pick([0, 0, 1, 2, 3, 10, 60]));
    case 'boolean':
      return random.chance(0.5);
    case 'choice':
      return random.pick(shape.values);
    case 'time':
      return random.under(1_000_000_000);
    case 'json':
      return drawJson(random);
    case 'list': {
      const length = Math.max(shape.minItems, Math.min(shape.maxItems, random.under(4)));
      return Array.from({ length }, () => drawShape(shape.item.shape, random, ids));
    }
    case 'map':
      return Object.fromEntries(
        Array.from({ length: Math.min(shape.maxEntries, random.under(3)) }, (_, i) => [
          `k${i}`,
          drawShape(shape.value.shape, random, ids),
        ]),
      );
    case 'oneOf': {
      const name = random.pick(Object.keys(shape.props));
      return { [name]: drawShape(shape.props[name]?.shape as Shape, random, ids) };
    }
    case 'object':
      return Object.fromEntries(
        Object.entries(shape.props)
          .filter(([name]) => !shape.optional.includes(name) || random.chance(0.4))
          .map(([name, codec]) => [name, drawShape(codec.shape, random, ids)]),
      );
  }
};

const drawText = (shape: Extract<Shape, { kind: 'text' }>, random: Random, ids: Ids): string => {
  const known = shape.noun === undefined ? undefined : ids[shape.noun];
  if (known !== undefined) return random.pick(known);
  return shape.pattern === undefined ? word(random) : (shape.example ?? random.pick(['a', 'b', '1']));
};

const drawJson = (random: Random): unknown =>
  random.pick<() => unknown>([
    () => word(random),
    () => random.under(5),
    () => ({ name: word(random), size: random.under(5), tags: [word(random)] }),
    () => ({ size: random.under(3), ready: random.chance(0.5) }),
  ])();

const word = (random: Random): string => random.pick(['a', 'b', 'c', 'red', 'blue', '']) || 'x';
