/** The wall time of a clock's origin, by one reading of the wall clock and CLOCK_MONOTONIC close together. */
export interface WallOrigin {
  /** Nanoseconds since 1970 (CLOCK_REALTIME) at the origin, as the wall clock stood at the reading. */
  readonly originWallNs: bigint;
  /** The maximum error of that time. */
  readonly boundNs: number;
}

/** The closest of so many ticks counts: the process may lose its CPU at one of them. Each takes up to a millisecond. */
const TICKS = 4;
/** A wall clock that stands still for longer is read as it is. */
const MAX_TICK_NS = 20_000_000n;
const MS_NS = 1_000_000n;

/**
 * Reads the wall time of the origin of a clock. `Date.now()` counts whole milliseconds and is exact when it ticks, so
 * the time of a tick lies between the readings of CLOCK_MONOTONIC around it. Takes up to 4 ms.
 */
export function readWallOrigin(originNs: bigint): WallOrigin {
  let closest = readTick(originNs);
  for (let tick = 1; tick < TICKS; tick++) {
    const next = readTick(originNs);
    if (next.boundNs < closest.boundNs) closest = next;
  }
  return closest;
}

function readTick(originNs: bigint): WallOrigin {
  const startNs = process.hrtime.bigint();
  let beforeNs = startNs;
  let wallMs = Date.now();
  let readNs = process.hrtime.bigint();
  while (readNs - startNs < MAX_TICK_NS) {
    const nowMs = Date.now();
    const afterNs = process.hrtime.bigint();
    if (nowMs > wallMs) return wallOriginBetween(originNs, BigInt(nowMs) * MS_NS, beforeNs, afterNs);
    beforeNs = readNs;
    readNs = afterNs;
    wallMs = nowMs;
  }
  const originWallNs = BigInt(wallMs) * MS_NS + originNs - readNs;
  return { originWallNs, boundNs: Number(MAX_TICK_NS) };
}

/** The wall clock showed `wallNs` at some time between two readings of CLOCK_MONOTONIC. */
function wallOriginBetween(originNs: bigint, wallNs: bigint, beforeNs: bigint, afterNs: bigint): WallOrigin {
  const middleNs = (beforeNs + afterNs) / 2n;
  return { originWallNs: wallNs + originNs - middleNs, boundNs: Number(afterNs - beforeNs) / 2 };
}
