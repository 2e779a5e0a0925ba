import { fail } from '../errors.ts';
import { formatDurationMs, parseDurationMs, parseRateHz } from '../units.ts';

/** A period in which the rate changes linearly from `fromHz` to `toHz`. */
export interface Stage {
  readonly durationMs: number;
  readonly fromHz: number;
  readonly toHz: number;
}

/** Stages that follow one another; at least one. */
export type Profile = readonly Stage[];

/** Limits of a profile; timers overflow beyond 24 days. */
const MAX_RATE_HZ = 1e6;
const MAX_LENGTH_MS = 24 * 3600e3;

const STAGE = /^([^@]+)@(?:(\d+(?:\.\d+)?)\.\.)?(\d+(?:\.\d+)?)(\/\w+)$/;

/**
 * Reads a rate or a profile of stages.
 *
 *     profile  = rate | stage *( "," stage )
 *     stage    = duration "@" [ number ".." ] rate
 *     rate     = number "/" ( "s" | "m" | "h" )
 *
 * `100/s` holds for `durationMs`; `10s@50/s,20s@50..500/s` holds 50/s for 10 s, then climbs to 500/s in 20 s. A stage
 * of 0/s is a pause; some stage must have messages.
 * Throws BAD_QUANTITY or BAD_RATE.
 */
export function parseProfile(text: string, durationMs: number): Profile {
  const profile = text.includes('@')
    ? text.split(',').map(parseStage)
    : [{ durationMs, fromHz: parseRateHz(text), toHz: parseRateHz(text) }];
  if (profile.some(({ durationMs }) => durationMs <= 0)) {
    fail('BAD_RATE', `"${text}" has a stage without a duration`, 'Give every stage a duration above 0.');
  }
  if (profile.every((stage) => Math.max(stage.fromHz, stage.toHz) <= 0)) {
    fail('BAD_RATE', `"${text}" has no messages`, 'Give a rate above 0; a stage of 0/s is a pause.');
  }
  const fastestHz = Math.max(...profile.flatMap(({ fromHz, toHz }) => [fromHz, toHz]));
  if (fastestHz > MAX_RATE_HZ || profileDurationMs(profile) > MAX_LENGTH_MS) {
    fail(
      'BAD_RATE',
      `"${text}" over ${formatDurationMs(profileDurationMs(profile))} is above 1,000,000/s or 24h`,
      'The maximum is 1,000,000/s over 24h.',
    );
  }
  return profile;
}

function parseStage(text: string): Stage {
  const [, duration, from, to, unit] = STAGE.exec(text.trim()) ?? [];
  if (duration === undefined || to === undefined || unit === undefined) {
    return fail(
      'BAD_RATE',
      `"${text}" is not a stage; a stage is a duration, "@" and a rate or a range of rates`,
      'Write stages like 10s@50/s,20s@50..500/s.',
    );
  }
  return {
    durationMs: parseDurationMs(duration),
    fromHz: parseRateHz((from ?? to) + unit),
    toHz: parseRateHz(to + unit),
  };
}

export function profileDurationMs(profile: Profile): number {
  return profile.reduce((sum, stage) => sum + stage.durationMs, 0);
}

/** The average number of arrivals in a stage: the area under its line. */
function stageCount(stage: Stage): number {
  return (((stage.fromHz + stage.toHz) / 2) * stage.durationMs) / 1000;
}

/** The average rate of the first second, minimum 1/s. A warm-up runs at this rate, so that a ramp starts cool. */
export function initialRateHz(profile: Profile): number {
  const [first] = profile;
  if (first === undefined) return 1;
  const reached = Math.min(1, 1000 / first.durationMs);
  return Math.max(1, first.fromHz + ((first.toHz - first.fromHz) * reached) / 2);
}

/** The rounding error of the area of a stage, in messages. It must not add a message. */
const COUNT_TOLERANCE = 1e-9;

/** The number of messages of constant arrivals that begin with `phase`, which is about the average of random ones. */
export function profileMessages(profile: Profile, phase = 0): number {
  const count = profile.reduce((sum, stage) => sum + stageCount(stage), 0);
  return Math.max(0, Math.ceil(count - phase - COUNT_TOLERANCE));
}

/**
 * Returns the time, in milliseconds from the start, at which the average number of arrivals reaches `count`: the inverse
 * of the area under the profile. Returns Infinity past the end.
 */
export function timeOfCountMs(profile: Profile, count: number): number {
  let startMs = 0;
  let before = 0;
  for (const stage of profile) {
    const within = stageCount(stage);
    if (count < before + within - COUNT_TOLERANCE) {
      return startMs + timeInStageMs(stage, Math.max(0, count - before));
    }
    startMs += stage.durationMs;
    before += within;
  }
  return Number.POSITIVE_INFINITY;
}

/** Solves fromHz t + (toHz - fromHz) t^2 / 2T = count for t, in the form that stays exact when both are equal. */
function timeInStageMs(stage: Stage, count: number): number {
  const slope = (stage.toHz - stage.fromHz) / (stage.durationMs / 1000);
  const root = Math.sqrt(Math.max(0, stage.fromHz ** 2 + 2 * slope * count));
  return count === 0 ? 0 : (2000 * count) / (stage.fromHz + root);
}

/** The average number of arrivals until a time in milliseconds from the start: the inverse of {@link timeOfCountMs}. */
export function plannedCountAt(profile: Profile, timeMs: number): number {
  let count = 0;
  let leftMs = timeMs;
  for (const stage of profile) {
    if (leftMs < stage.durationMs) {
      const reachedHz = stage.fromHz + ((stage.toHz - stage.fromHz) * leftMs) / stage.durationMs;
      return count + (((stage.fromHz + reachedHz) / 2) * leftMs) / 1000;
    }
    count += stageCount(stage);
    leftMs -= stage.durationMs;
  }
  // What is sent after the end is late: the last rate goes on.
  return count + ((profile.at(-1)?.toHz ?? 0) * leftMs) / 1000;
}
