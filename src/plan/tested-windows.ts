import type { Plan } from './plan.ts';
import { initialRateHz } from './profile.ts';

/** The shortest window: the generator hands over the headline so often, and its medians need some messages. */
const SHORTEST_WINDOW_MS = 125;
/** The longest window of a warm-up. */
const LONGEST_WARMUP_MS = 1000;

/** How many windows a run has at least, where it is long enough. More of them are tested no better. */
const ENOUGH_WINDOWS = 40;
/** A test for a change of level needs so many windows. */
export const MIN_TESTED_WINDOWS = 12;
/** Messages of a window of the measured time and of the warm-up. */
const MESSAGES_PER_WINDOW = 5;
const WARMUP_MESSAGES_PER_WINDOW = 2;

/** So many windows at the end of a warm-up are tested: two seconds, unless few messages are sent. */
export const WARMUP_WINDOWS = 16;

/**
 * The length in milliseconds of the windows in which a run is tested for changes of level: 125 ms times a power of two,
 * such that there are 40 to 79 of them, and 5 messages in each. Shorter runs and lower rates have fewer windows.
 */
export function testedWindowMs({ durationMs, profile }: Pick<Plan, 'durationMs' | 'profile'>): number {
  let windowMs = SHORTEST_WINDOW_MS;
  while (durationMs / (2 * windowMs) >= ENOUGH_WINDOWS) windowMs *= 2;
  const messages = (initialRateHz(profile) * windowMs) / 1000;
  const factor = 2 ** Math.max(0, Math.ceil(Math.log2(MESSAGES_PER_WINDOW / messages)));
  const fits = durationMs / (windowMs * factor) >= MIN_TESTED_WINDOWS;
  return fits ? windowMs * factor : windowMs;
}

/** The length in milliseconds of the windows of a warm-up: 125 ms, or up to a second for two messages in each. */
export function warmupWindowMs({ profile }: Pick<Plan, 'profile'>): number {
  let windowMs = SHORTEST_WINDOW_MS;
  while (
    windowMs < LONGEST_WARMUP_MS &&
    (initialRateHz(profile) * windowMs) / 1000 < WARMUP_MESSAGES_PER_WINDOW
  )
    windowMs *= 2;
  return windowMs;
}

/**
 * A server that has handled few messages still compiles: after 2 s at 100/s, the median of ack-roundtrip fell by 12 %
 * within the measured 4 s, after 4 s by 2 %. So a warm-up takes as many messages, or as long.
 */
const WARMUP_MESSAGES = 400;
const WARMUP_MESSAGES_MS = 4000;

/** From when on a warm-up may end by its test, in milliseconds; its length, where that is fixed. */
export function testedFromMs({
  profile,
  warmupMs,
  warmupMaxMs,
}: Pick<Plan, 'profile' | 'warmupMs' | 'warmupMaxMs'>): number {
  const messagesMs = (WARMUP_MESSAGES / initialRateHz(profile)) * 1000;
  return Math.min(warmupMaxMs, Math.max(warmupMs, Math.min(WARMUP_MESSAGES_MS, messagesMs)));
}
