/** A time that a server sent, in nanoseconds since 1970, and the smallest step in which its clock seems to count. */
export interface SentAt {
  readonly wallNs: bigint;
  readonly resolutionNs: number;
}

/** The units of a number, by the size that times of this century have in them. */
const SENT_AT_UNITS = [
  { below: 1e11, unitNs: 1e9 },
  { below: 1e14, unitNs: 1e6 },
  { below: 1e17, unitNs: 1e3 },
  { below: Number.POSITIVE_INFINITY, unitNs: 1 },
] as const;

const EXPECTED =
  'expected seconds, milliseconds, microseconds or nanoseconds since 1970, ISO 8601 text, or a Date';

/** Reads what `sentAt` of a target returns. Throws an Error for anything that is no time. */
export function readSentAt(value: unknown): SentAt {
  if (value instanceof Date) return fromNumber(value.getTime());
  if (typeof value === 'bigint' || (typeof value === 'string' && /^\d{1,20}$/.test(value)))
    return fromWhole(BigInt(value));
  if (typeof value === 'number') return fromNumber(value);
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new Error(`sentAt returned ${shownTime(value)}; ${EXPECTED}`);
  // Date reads no more than milliseconds.
  const digits = /\.(\d+)/.exec(String(value))?.[1]?.slice(0, 9) ?? '';
  const fractionNs = BigInt(digits.padEnd(9, '0'));
  return {
    wallNs: BigInt(Math.floor(ms / 1000)) * 1_000_000_000n + fractionNs,
    resolutionNs: 10 ** (9 - digits.length),
  };
}

function fromNumber(value: number): SentAt {
  if (!Number.isFinite(value) || value <= 0) throw new Error(`sentAt returned ${value}; ${EXPECTED}`);
  const { unitNs } = SENT_AT_UNITS.find(({ below }) => value < below) ?? SENT_AT_UNITS[0];
  if (Number.isInteger(value)) return fromWhole(BigInt(value));
  // A fraction of milliseconds holds microseconds, as performance.timeOrigin + performance.now() does.
  return { wallNs: BigInt(Math.round((value * unitNs) / 1000)) * 1000n, resolutionNs: 1000 };
}

function fromWhole(value: bigint): SentAt {
  const { unitNs } = SENT_AT_UNITS.find(({ below }) => Number(value) < below) ?? SENT_AT_UNITS[0];
  const wallNs = value * BigInt(unitNs);
  // Many clocks that count in nanoseconds step in microseconds or milliseconds.
  const stepNs = [1_000_000, 1000, 1].find((step) => wallNs % BigInt(step) === 0n) ?? 1;
  return { wallNs, resolutionNs: Math.max(unitNs, stepNs) };
}

function shownTime(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value);
}
