import type { CloseOutcome } from './driver.ts';

/** RFC 6455, 7.1.5: what a connection ended with when no close frame came. */
const NO_CLOSE_FRAME = 1006;

/** What the server answered to a close; null when it just cut the connection. */
export function closeOutcome(code: number, reason: Buffer): CloseOutcome | null {
  return code === NO_CLOSE_FRAME ? null : { code, reason: String(reason) };
}
