import type { PayloadType, Stamp } from './stamp.ts';

/** Writes where the stamp of a file's payload stands. */
export const STAMP_PLACE = '{{stamp}}';

/** What is before and after the stamp, as it is written in one way. */
export interface AroundStamp {
  readonly head: string;
  readonly tail: string;
}

/** A file that payloads are made of. */
export interface SentFile {
  readonly name: string;
  /** The whole file: what follows the stamp of a binary payload. */
  readonly bytes: Buffer;
  /**
   * How a text payload of it is written: as the file has it, within a JSON string, and as `JSON.stringify` writes its value.
   * Null for a file that is no text.
   */
  readonly forms: readonly [plain: AroundStamp, escaped: AroundStamp, compact: AroundStamp] | null;
  /** Its value, in which {@link STAMP_PLACE} stands for the stamp, and how deep that lies. Null for a file that is no JSON. */
  readonly json: { readonly value: unknown; readonly depth: number } | null;
}

/** What one payload holds beside its stamp: filling up to a size, or a file. */
export type PayloadContent =
  | { readonly kind: 'filling'; readonly payloadBytes: number }
  | { readonly kind: 'file'; readonly file: SentFile };

/** What the payloads of a run hold. It depends on the stamp alone, so that a receiver knows what was sent. */
export interface PayloadContents {
  readonly of: (stamp: Pick<Stamp, 'stream' | 'seq' | 'measured'>) => PayloadContent;
  /** The content of the largest payload of a type. */
  readonly largest: (type: PayloadType) => PayloadContent;
}

/** All payloads have one size. */
export function fixedSize(payloadBytes: number): PayloadContents {
  const content: PayloadContent = { kind: 'filling', payloadBytes };
  return { of: () => content, largest: () => content };
}

/**
 * The sizes of a distribution, of which `sizeAt` is the quantile function from 0 to 1. The seed, the stream and the number
 * of a message draw its size: it is the same in every process, and for every arm of a comparison.
 */
export function drawnSizes(sizeAt: (quantile: number) => number, seed: number): PayloadContents {
  return {
    of: ({ stream, seq, measured }) => {
      const quantile = drawnShare(seed, stream, seq, measured);
      return { kind: 'filling', payloadBytes: sizeAt(quantile) };
    },
    largest: () => ({ kind: 'filling', payloadBytes: sizeAt(1) }),
  };
}

/** Files in turn: message n of stream s has file n + s. */
export function filesInTurn(files: readonly [SentFile, ...SentFile[]]): PayloadContents {
  const contents = files.map((file): PayloadContent => ({ kind: 'file', file }));
  const [first] = files;
  const largest = (type: PayloadType) =>
    files.reduce((max, file) => (sizeOfFile(file, type) > sizeOfFile(max, type) ? file : max), first);
  return {
    of: ({ stream, seq }) => contents[(seq + stream) % contents.length] ?? { kind: 'file', file: first },
    largest: (type) => ({ kind: 'file', file: largest(type) }),
  };
}

/** Bytes of a file in a payload, without the stamp. */
export function sizeOfFile({ bytes, forms }: SentFile, type: PayloadType): number {
  if (type === 'binary' || forms === null) return bytes.length;
  return Buffer.byteLength(forms[0].head) + Buffer.byteLength(forms[0].tail);
}

/**
 * Whether received data contain what was sent: equal values, lists of equal length, and objects with at least these fields.
 * {@link STAMP_PLACE} in a text stands for `stamp`.
 */
export function containsValue(received: unknown, sent: unknown, stamp: string): boolean {
  if (typeof sent === 'string') return received === sent || received === sent.replace(STAMP_PLACE, stamp);
  if (typeof sent !== 'object' || sent === null) return received === sent;
  if (typeof received !== 'object' || received === null) return false;
  if (Array.isArray(sent) !== Array.isArray(received)) return false;
  if (Array.isArray(sent) && Array.isArray(received) && sent.length !== received.length) return false;
  return Object.entries(sent).every(([key, value]) =>
    Object.hasOwn(received, key) ? containsValue(Reflect.get(received, key), value, stamp) : false,
  );
}

/** A number from 0 to 1, without 1, that depends on all of these. */
function drawnShare(seed: number, stream: number, seq: number, measured: boolean): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  for (const word of [stream, seq, Math.floor(seq / 2 ** 32), measured ? 1 : 0]) {
    hash = Math.imul(hash ^ (hash >>> 15) ^ word, 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
