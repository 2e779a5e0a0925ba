import { resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { atMost, type GivenOptions, positive } from '../contract/options.ts';
import type { Layout } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { createPayloads } from '../measure/payload.ts';
import {
  drawnSizes,
  filesInTurn,
  fixedSize,
  type PayloadContents,
  sizeOfFile,
} from '../measure/payload-contents.ts';
import { MIN_PAYLOAD_BYTES, type PayloadType } from '../measure/stamp.ts';
import { formatBytes, parseBytes } from '../units.ts';
import { digestOfFiles, readPayloadFiles } from './payload-files.ts';
import { type PayloadSizes, sizeAtQuantile } from './payload-sizes.ts';

const sizeBytes = z.number().int().nonnegative();

/** What the payloads of a run are, as it is stored with the plan. */
export const payloadPlanSchema = z
  .object({
    /** `size`: one size; `sizes`: a distribution; `files`: files of the user. */
    kind: z.enum(['size', 'sizes', 'files']),
    percentiles: z.array(z.object({ percent: z.number(), bytes: sizeBytes }).readonly()).readonly(),
    minBytes: sizeBytes.nullable(),
    maxBytes: sizeBytes.nullable(),
    /** Absolute path of the file or folder, the number of its files, and a hash of them; null without files. */
    path: z.string().nullable(),
    fileCount: sizeBytes.nullable(),
    digest: z.string().nullable(),
    /** Sizes that are to be expected: of payloads with their stamp, or of files without it. */
    p50Bytes: sizeBytes,
    p99Bytes: sizeBytes,
    largestBytes: sizeBytes,
    /** Bytes after deflate, with a window of 32 KiB over successive payloads, divided by bytes before. */
    deflatedShare: z.number(),
  })
  .readonly();

export type PayloadPlan = z.infer<typeof payloadPlanSchema>;

/** More than servers accept by default; a message is held in memory by every process that it passes. */
const oneSize = positive(atMost(parseBytes, 64 * 1024 ** 2, '64MiB'));

/** A size in bytes, or the path of a file or folder. */
export type PayloadOption = number | { readonly path: string };

/** Reads a size, or a path: text with a slash or with the ending of a file. */
export function parsePayload(text: string): PayloadOption {
  return /[/\\]|\.[a-z]\w*$/i.test(text) ? { path: text } : oneSize(text);
}

/** Throws PAYLOAD_AND_SIZES when both flags were given. */
export function requireOneKindOfPayload({ payload, payloadSizes }: GivenOptions): void {
  if (payload === undefined || payloadSizes === undefined) return;
  fail(
    'PAYLOAD_AND_SIZES',
    `--payload ${payload} contradicts --payload-sizes ${payloadSizes}`,
    'Remove one of them, also from the config.',
  );
}

/** The types of payload that a run sends: that of --payload-type first, then those of operations of its layout. */
export function payloadTypes({ streams }: Layout, payloadType: PayloadType): PayloadType[] {
  const own = streams.flatMap(({ operation }) =>
    operation.kind === 'echo' && operation.payloadType !== undefined ? [operation.payloadType] : [],
  );
  return [...new Set([payloadType, ...own])];
}

interface PayloadParts {
  readonly payload: PayloadOption;
  readonly payloadSizes: PayloadSizes | null;
  readonly payloadType: PayloadType;
  /** All types that the run sends. */
  readonly types: readonly PayloadType[];
  readonly seed: number;
}

/** Plans the payloads of a run, and the bytes of the largest. Throws for files and sizes that cannot be payloads. */
export function planPayload(options: PayloadParts): { payload: PayloadPlan; payloadBytes: number } {
  const { payload, payloadSizes, payloadType, types } = options;
  if (payloadSizes !== null) return planSizes(payloadSizes, options);
  if (typeof payload !== 'number') return planFiles(resolve(payload.path), options);
  const minimum = MIN_PAYLOAD_BYTES[payloadType];
  if (payload < minimum) {
    fail(
      'PAYLOAD_TOO_SMALL',
      `--payload ${payload}B has no room for the time stamp; the minimum for ${payloadType} is ${minimum}B`,
      `Give --payload ${minimum}B or more.`,
    );
  }
  const deflatedShare = deflatedShareOf(fixedSize(payload), types);
  const sizes = { p50Bytes: payload, p99Bytes: payload, largestBytes: payload };
  return { payload: { ...NO_DETAILS, kind: 'size', ...sizes, deflatedShare }, payloadBytes: payload };
}

const NO_DETAILS = {
  percentiles: [],
  minBytes: null,
  maxBytes: null,
  path: null,
  fileCount: null,
  digest: null,
} as const;

function planSizes(
  sizes: PayloadSizes,
  { payloadType, types, seed }: PayloadParts,
): { payload: PayloadPlan; payloadBytes: number } {
  const minimum = MIN_PAYLOAD_BYTES[payloadType];
  const smallest = sizes.minBytes ?? sizes.percentiles[0]?.bytes ?? minimum;
  if (smallest < minimum) {
    fail(
      'PAYLOAD_TOO_SMALL',
      `--payload-sizes: ${formatBytes(smallest)} has no room for the time stamp; the minimum for ${payloadType} is ${minimum}B`,
      `Give sizes of ${minimum}B or more.`,
    );
  }
  const sizeAt = sizeAtQuantile(sizes, minimum);
  const deflatedShare = deflatedShareOf(drawnSizes(sizeAt, seed), types);
  const shown = { p50Bytes: sizeAt(0.5), p99Bytes: sizeAt(0.99), largestBytes: sizeAt(1) };
  const payload = { ...NO_DETAILS, kind: 'sizes', ...sizes, ...shown, deflatedShare } as const;
  return { payload, payloadBytes: shown.largestBytes };
}

function planFiles(path: string, { types }: PayloadParts): { payload: PayloadPlan; payloadBytes: number } {
  const files = readPayloadFiles(path);
  const noText = types.includes('text') ? files.find(({ forms }) => forms === null) : undefined;
  if (noText !== undefined) {
    fail(
      'BAD_PAYLOAD_FILE',
      `--payload: ${noText.name} is not UTF-8 text`,
      'Give --payload-type binary, or files with text.',
    );
  }
  const [type = 'text'] = types;
  const sizes = files.map((file) => sizeOfFile(file, type)).toSorted((a, b) => a - b);
  const at = (share: number) => sizes[Math.max(0, Math.ceil(share * sizes.length) - 1)] ?? 0;
  const payload = {
    ...NO_DETAILS,
    kind: 'files',
    ...{ path, fileCount: files.length, digest: digestOfFiles(files) },
    ...{ p50Bytes: at(0.5), p99Bytes: at(0.99), largestBytes: at(1) },
    deflatedShare: deflatedShareOf(filesInTurn(files), types),
  } as const;
  return { payload, payloadBytes: at(1) + MIN_PAYLOAD_BYTES[type] };
}

/** The plan of a run, as far as payloads depend on it. A result of an older sockbench has no details. */
interface PlannedPayloads {
  readonly payload: PayloadPlan | null;
  readonly payloadBytes: number;
  readonly payloadType: PayloadType;
  readonly seed: number;
}

/** Returns what the payloads of a plan hold. Throws BAD_PAYLOAD_FILE when its files have changed since it was made. */
export function contentsOf({ payload, payloadBytes, payloadType, seed }: PlannedPayloads): PayloadContents {
  if (payload?.kind === 'sizes')
    return drawnSizes(sizeAtQuantile(payload, MIN_PAYLOAD_BYTES[payloadType]), seed);
  if (payload === null || payload.path === null) return fixedSize(payload?.largestBytes ?? payloadBytes);
  const files = readPayloadFiles(payload.path);
  if (digestOfFiles(files) !== payload.digest)
    fail('BAD_PAYLOAD_FILE', `--payload: ${payload.path} has changed since the run began`, 'Run again.');
  return filesInTurn(files);
}

/** As much is deflated to see how well payloads compress. */
const DEFLATED_BYTES = 2 ** 18;
const DEFLATED_PAYLOADS = 200;

/** What remains of successive payloads when they are deflated together, rounded to a hundredth. */
function deflatedShareOf(contents: PayloadContents, [type = 'text']: readonly PayloadType[]): number {
  const { write } = createPayloads({ key: 0, contents, check: 'nothing' });
  const sample: Buffer[] = [];
  for (let seq = 0, bytes = 0; seq < DEFLATED_PAYLOADS && bytes < DEFLATED_BYTES; seq++) {
    const intendedNs = seq * 9_876_543;
    const payload = write(
      { stream: 0, seq, intendedNs, actualNs: intendedNs + 54_321, measured: true },
      type,
    );
    const part = Buffer.from(payload as string).subarray(0, DEFLATED_BYTES - bytes);
    sample.push(part);
    bytes += part.length;
  }
  const all = Buffer.concat(sample);
  return Math.round((deflateRawSync(all).length / all.length) * 100) / 100;
}
