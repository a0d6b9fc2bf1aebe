import type { Shape } from '#commands/codec/codec';

/** What is accepted, as the end of a sentence that starts with "expected". */
export const expectation = (shape: Shape): string => {
  switch (shape.kind) {
    case 'text': {
      const pattern = shape.pattern === undefined ? '' : ` matching ${shape.pattern}`;
      const example = shape.example === undefined ? '' : `, such as ${shape.example}`;
      return `${shape.name}: text of ${range(shape.minLength, shape.maxLength, 'characters')}${pattern}${example}`;
    }
    case 'integer': {
      const unit = shape.unit === 'number' ? '' : ` (${shape.unit})`;
      return `${shape.name}: an integer ${bounds(shape.min, shape.max)}${unit}`;
    }
    case 'boolean':
      return `${shape.name}: true or false`;
    case 'choice':
      return `${shape.name}: one of ${shape.values.join(', ')}`;
    case 'list':
      return `a list of ${range(shape.minItems, shape.maxItems, 'items')}`;
    case 'map':
      return `an object of at most ${digits(shape.maxEntries)} entries`;
    case 'object': {
      const names = Object.keys(shape.props);
      return names.length === 0 ? 'an object without fields' : `an object with the fields ${names.join(', ')}`;
    }
    case 'oneOf':
      return `an object with exactly one of ${Object.keys(shape.props).join(', ')}`;
    case 'bytes':
      return `${shape.name}: ${range(shape.minBytes, shape.maxBytes, 'bytes')}`;
    case 'time':
      return `${shape.name}: an RFC 3339 time since 1970, such as 2026-01-31T12:00:00Z, or its milliseconds`;
    case 'json':
      return `${shape.name}: a JSON document of at most ${digits(shape.maxBytes)} bytes`;
  }
};

/** What an input is, without repeating more of it than helps. */
export const sight = (input: unknown): string => {
  switch (typeof input) {
    case 'string':
      if (!input.isWellFormed()) return 'text with half of a surrogate pair';
      return input.length > 40 ? `text of ${digits(input.length)} characters` : `the text ${JSON.stringify(input)}`;
    case 'number':
      return `the number ${Object.is(input, -0) ? '-0' : String(input)}`;
    case 'boolean':
      return String(input);
    case 'undefined':
      return 'nothing';
    case 'object':
      if (input === null) return 'null';
      if (Array.isArray(input))
        return input.length === 1 ? 'a list of 1 item' : `a list of ${digits(input.length)} items`;
      return 'an object';
    default:
      return `a ${typeof input}`;
  }
};

/** A child of a path, as in `compare[0].op` or `labels["a b"]`. */
export const below = (path: string, child: string | number): string => {
  if (typeof child === 'number') return `${path}[${child}]`;
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(child)) return `${path}[${JSON.stringify(child.slice(0, 64))}]`;
  return path === '' ? child : `${path}.${child}`;
};

const range = (min: number, max: number, what: string): string => {
  if (min === max) return `exactly ${digits(min)} ${what}`;
  return min === 0 ? `at most ${digits(max)} ${what}` : `${digits(min)} to ${digits(max)} ${what}`;
};

const bounds = (min: number, max: number): string => {
  if (max === Number.MAX_SAFE_INTEGER) return min === Number.MIN_SAFE_INTEGER ? 'of at most 53 bits' : `from ${min}`;
  return `from ${min} to ${max}`;
};

/** With separators, so that a person can read a size. */
export const digits = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
