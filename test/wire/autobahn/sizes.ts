import { binary, fragments, partsOf, text } from '../support/frames.ts';
import { type Case, echo } from './case.ts';

const KIB = 1024;
const MIB = 1024 ** 2;
const KINDS = ['text', 'binary'] as const;
const FRAME = { text, binary } as const;

/** Text of which no part equals another, so that a part that is lost, doubled or moved is seen. */
function textOf(bytes: number): Buffer {
  const words = Array.from({ length: Math.ceil(bytes / 8) }, (_, index) =>
    index.toString(36).padStart(8, '.'),
  );
  return Buffer.from(words.join('')).subarray(0, bytes);
}

const payload4M = textOf(4 * MIB);
const payload1M = textOf(MIB);

const SIZES = [64 * KIB, 256 * KIB, MIB, 4 * MIB];
const SIZES_OF = { text: [...SIZES, 8 * MIB, 16 * MIB], binary: SIZES } as const;

/** 9.1 and 9.2: messages of growing size; 9.3 and 9.4: in fragments; 9.5 and 9.6: a frame in chops. */
const LARGE: readonly Case[] = KINDS.flatMap((kind, odd): Case[] => [
  ...SIZES_OF[kind].map((bytes, at): Case => {
    const payload = textOf(bytes);
    return {
      id: `9.${1 + odd}.${at + 1}`,
      what: `${kind} of ${bytes} bytes`,
      sends: [FRAME[kind](payload)],
      answers: [echo(kind, payload)],
    };
  }),
  ...[64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB].map(
    (bytes, at): Case => ({
      id: `9.${3 + odd}.${at + 1}`,
      what: `4 MiB of ${kind} in fragments of ${bytes} bytes`,
      sends: [Buffer.concat(fragments(kind, partsOf(payload4M, bytes)))],
      answers: [echo(kind, payload4M)],
    }),
  ),
  ...[64, 128, 256, 512, KIB, 2 * KIB].map(
    (bytes, at): Case => ({
      id: `9.${5 + odd}.${at + 1}`,
      what: `1 MiB of ${kind} in chops of ${bytes} bytes`,
      sends: partsOf(FRAME[kind](payload1M), bytes),
      answers: [echo(kind, payload1M)],
    }),
  ),
]);

const ROUND_TRIPS = 200;

/** 9.7 and 9.8: many messages of one size. 10.1: a message that is cut into frames of one size. */
const MANY: readonly Case[] = [
  ...KINDS.flatMap((kind, odd) =>
    [0, 16, 64, 256, KIB, 4 * KIB].map((bytes, at): Case => {
      const payload = textOf(bytes);
      return {
        id: `9.${7 + odd}.${at + 1}`,
        what: `${ROUND_TRIPS} messages of ${kind} of ${bytes} bytes`,
        sends: Array.from({ length: ROUND_TRIPS }, () => FRAME[kind](payload)),
        answers: Array.from({ length: ROUND_TRIPS }, () => echo(kind, payload)),
      };
    }),
  ),
  {
    id: '10.1.1',
    what: 'text of 65536 bytes in frames of 1300 bytes',
    sends: fragments('text', partsOf(textOf(65_536), 1300)),
    answers: [echo('text', textOf(65_536))],
  },
];

export const SIZE_CASES = { LARGE, MANY } as const;
