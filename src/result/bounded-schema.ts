/**
 * Building blocks of the schemas of stored documents. A document may come from anywhere, so everything in it is bounded,
 * and checking a list ends at its first fault: a million of them would fill the memory.
 */
import { z } from 'zod';

/** A count in a stored document. */
export const countSchema = z.number().int().nonnegative();

/** A number in a stored document, within 2^53: sums and products of a few remain finite. */
export const numberSchema = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

/** A text in a stored document. */
export const textSchema = z.string().max(64 * 1024);

/** An encoded histogram; `consistency.ts` measures it. */
export const histogramSchema = z.string().max(1024 ** 2);

/** A list of at most `max` values. */
export function listOf<Item extends z.ZodType>(item: Item, max = 1000, min = 0) {
  return z
    .array(z.unknown())
    .min(min)
    .max(max)
    .meta(lazily('items', item))
    .transform((values, context) => {
      const checked: Array<z.output<Item>> = [];
      for (const [index, value] of values.entries()) {
        const parsed = item.safeParse(value);
        if (!parsed.success) return addFirst(context, parsed.error, index);
        checked.push(parsed.data);
      }
      return checked;
    });
}

/** An object of at most `max` values with names of any kind. It has no prototype, so that it holds no other names. */
export function recordOf<Value extends z.ZodType>(value: Value, max = 1000) {
  const given = z.looseObject({}).meta(lazily('additionalProperties', value));
  return given.transform((named, context) => {
    const checked = Object.create(null) as Record<string, z.output<Value>>;
    const entries = Object.entries(named);
    if (entries.length > max) {
      context.addIssue({ code: 'custom', message: `Too big: expected at most ${max} names` });
      return z.NEVER;
    }
    for (const [name, each] of entries) {
      const parsed = value.safeParse(each);
      if (!parsed.success) return addFirst(context, parsed.error, name);
      checked[name] = parsed.data;
    }
    return checked;
  });
}

/** What JSON Schema shows of the values, computed when it is read: the documentation is tested against it. */
function lazily(field: 'items' | 'additionalProperties', item: z.ZodType) {
  return Object.defineProperty({}, field, {
    get: () => z.toJSONSchema(item, { io: 'input' }),
    enumerable: true,
  });
}

function addFirst(context: z.RefinementCtx, { issues }: z.ZodError, place: PropertyKey): never {
  const [issue] = issues;
  const { path = [], message = 'Invalid input' } = issue ?? {};
  context.addIssue({ code: 'custom', path: [place, ...path], message });
  return z.NEVER;
}
