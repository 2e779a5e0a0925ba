import { deflateSync, inflateSync } from 'node:zlib';
import { type Dice, diceOf } from './dice.ts';

type Container = Record<string, unknown> | unknown[];

/** A value of a document, by what it is in. */
interface Place {
  readonly parent: Container;
  readonly key: string;
}

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;
const valueAt = ({ parent, key }: Place) => (parent as Record<string, unknown>)[key];
function put({ parent, key }: Place, value: unknown): void {
  // Of a list, JSON keeps numbered values only.
  if (Array.isArray(parent) && !/^\d+$/.test(key)) return;
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Goes down from the root at random, and stops at a leaf or before. */
function somewhere(root: Container, { below, oneOf }: Dice): Place {
  let place: Place = { parent: root, key: oneOf(Object.keys(root)) };
  for (;;) {
    const value = valueAt(place);
    if (!isContainer(value) || Object.keys(value).length === 0 || below(8) === 0) return place;
    place = { parent: value, key: oneOf(Object.keys(value)) };
  }
}

const EXTREMES: readonly unknown[] = [
  ...[null, true, false, [], {}, 0, -0, -1, 0.5, 1, 1e-320, 1e9, 1e15, -1e15, 1e308, -1e308],
  ...[2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e21],
  ...['', ' ', 'x', '0', '1e999', '__proto__', 'constructor', 'toString', 'delivery', '\u0000\u001b[31m'],
  ...['\ud800', '\u202e\n::error::', '\ufeff', '<script>', '2026-02-31T00:00:00Z', '9999-12-31T23:59:59Z'],
  ...['x'.repeat(60_000), 'x'.repeat(70_000), '\u{1f600}'.repeat(5000), 'a\n'.repeat(9000)],
];

const NAMES = ['__proto__', 'constructor', 'toString', 'length', '', ' ', 'a.b', '\n', 'x'.repeat(5000)];

function repeatIn(list: unknown[], { oneOf, below }: Dice): void {
  if (list.length === 0) return;
  const copies = Array.from({ length: oneOf([1, 2, 50, 1500, 20_000]) }, () => oneOf(list));
  list.splice(below(list.length + 1), 0, ...copies);
}

/** Changes bytes of what is inside an encoded histogram; text that is none is cut. */
function mutateHistogram(encoded: string, { below, oneOf }: Dice): string {
  try {
    const outer = Buffer.from(encoded, 'base64');
    let payload = inflateSync(outer.subarray(8));
    switch (below(5)) {
      case 0:
        payload[below(payload.length)] = below(256);
        break;
      case 1:
        payload.writeInt32BE(
          oneOf([-1, 0, 1, 2 ** 31 - 1, payload.length]),
          oneOf([0, 4, 8, 12, 16, 20, 24, 28]),
        );
        break;
      case 2:
        payload = Buffer.concat([
          payload,
          Buffer.alloc(oneOf([1, 100, 400_000, 5_000_000]), oneOf([0, 1, 2, 0xff])),
        ]);
        break;
      case 3:
        payload = payload.subarray(0, below(payload.length));
        break;
      case 4:
        for (let at = 40; at < payload.length; at++) payload[at] = 0xff;
        break;
    }
    // Half of the time the length is right, so that what is behind it is reached.
    if (payload.length >= 8 && below(2) === 0) payload.writeInt32BE(payload.length - 40, 4);
    const deflated = deflateSync(payload);
    const header = Buffer.from(outer.subarray(0, 8));
    header.writeInt32BE(below(8) === 0 ? oneOf([-1, 0, 2 ** 31 - 1]) : deflated.length, 4);
    return Buffer.concat([header, deflated]).toString('base64');
  } catch {
    return encoded.slice(0, below(encoded.length));
  }
}

function mutateTree(root: Container, dice: Dice): void {
  const { below, oneOf } = dice;
  const place = somewhere(root, dice);
  const value = valueAt(place);
  switch (below(9)) {
    case 0:
      if (Array.isArray(place.parent)) place.parent.splice(Number(place.key), 1);
      else delete place.parent[place.key];
      break;
    case 1:
    case 2:
      put(place, oneOf(EXTREMES));
      break;
    case 3:
      put(
        place,
        oneOf<unknown>([[value], { value }, String(value), Number(value), Object.values(value ?? {})]),
      );
      break;
    case 4:
      put(place, structuredClone(valueAt(somewhere(root, dice))));
      break;
    case 5:
      if (Array.isArray(value)) repeatIn(value, dice);
      else if (Array.isArray(place.parent)) repeatIn(place.parent, dice);
      break;
    case 6:
      put({ parent: place.parent, key: oneOf(NAMES) }, value);
      break;
    case 7:
      if (typeof value === 'number')
        put(place, value * oneOf([-1, 0, 0.5, 2, 1000, 1e9, 1e300]) + oneOf([0, 1]));
      break;
    case 8:
      mutateSomeHistogram(root, dice);
      break;
  }
}

function mutateSomeHistogram(root: Container, dice: Dice): void {
  for (let attempt = 0; attempt < 50; attempt++) {
    const place = somewhere(root, dice);
    const value = valueAt(place);
    if (typeof value !== 'string' || !value.startsWith('HISTF')) continue;
    put(place, mutateHistogram(value, dice));
    return;
  }
}

/** Mutates the bytes of a file. */
function mutateText(text: string, { below, oneOf }: Dice): Buffer {
  const bytes = Buffer.from(text);
  const at = below(bytes.length);
  switch (below(5)) {
    case 0:
      bytes[at] = below(256);
      return bytes;
    case 1:
      return bytes.subarray(0, at);
    case 2: {
      const inserted = Buffer.from(
        oneOf(['\0', '"', '[', '{', '}', '1e999', 'NaN', '\\', '\ud800', '['.repeat(1e5)]),
      );
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
    }
    case 3: {
      const end = at + below(5000);
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    }
    default:
      return Buffer.from(
        text.replace(/(?<=:)-?[\d.]+/, oneOf(['1e999', '-1e999', '1'.repeat(400), '-', '01', '""'])),
      );
  }
}

/** A stored document as somebody may have damaged or forged it, by a seed. */
export function mutate(document: unknown, seed: number): Buffer {
  const dice = diceOf(seed);
  const copy = structuredClone(document) as Container;
  const isTree = dice.below(4) > 0;
  for (let count = isTree ? 1 + dice.below(3) : 0; count > 0; count--) mutateTree(copy, dice);
  const text = JSON.stringify(copy);
  return isTree ? Buffer.from(text) : mutateText(text, dice);
}
