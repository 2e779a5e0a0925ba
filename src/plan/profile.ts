import { SockbenchError } from '../errors.ts';
import { formatDurationMs, formatNumber, parseDurationMs, parseRateHz } from '../units.ts';

/** A stretch of time over which the rate goes in a straight line from `fromHz` to `toHz`. */
export interface Stage {
  readonly durationMs: number;
  readonly fromHz: number;
  readonly toHz: number;
}

/** One stage or more, run one after the other; never empty. */
export type Profile = readonly Stage[];

/** Beyond these no run is meant, and timers overflow. */
const FASTEST_HZ = 1e6;
const LONGEST_MS = 24 * 3600e3;

const STAGE = /^([^@]+)@(?:(\d+(?:\.\d+)?)\.\.)?(\d+(?:\.\d+)?)(\/\w+)$/;

/**
 * Reads a rate or a profile of stages.
 *
 *     profile  = rate | stage *( "," stage )
 *     stage    = duration "@" [ number ".." ] rate
 *     rate     = number "/" ( "s" | "m" | "h" )
 *
 * `100/s` holds for `durationMs`; `10s@50/s,20s@50..500/s` holds 50/s for 10 s, then climbs to 500/s in 20 s.
 * Throws BAD_QUANTITY or BAD_RATE.
 */
export function parseProfile(text: string, durationMs: number): Profile {
  const profile = text.includes('@')
    ? text.split(',').map(parseStage)
    : [{ durationMs, fromHz: parseRateHz(text), toHz: parseRateHz(text) }];
  if (profile.some((stage) => Math.max(stage.fromHz, stage.toHz) <= 0 || stage.durationMs <= 0)) {
    throw new SockbenchError({
      code: 'BAD_RATE',
      message: `"${text}" has a stage with no time or no messages in it`,
      hint: 'Give every stage a duration and a rate above 0.',
    });
  }
  const fastestHz = Math.max(...profile.flatMap(({ fromHz, toHz }) => [fromHz, toHz]));
  if (fastestHz > FASTEST_HZ || profileDurationMs(profile) > LONGEST_MS) {
    throw new SockbenchError({
      code: 'BAD_RATE',
      message: `"${text}" over ${formatDurationMs(profileDurationMs(profile))} is beyond 1,000,000/s or 24h`,
      hint: 'Give a rate that one generator can think of, and at most a day.',
    });
  }
  return profile;
}

function parseStage(text: string): Stage {
  const [, duration, from, to, unit] = STAGE.exec(text.trim()) ?? [];
  if (duration === undefined || to === undefined || unit === undefined) {
    throw new SockbenchError({
      code: 'BAD_RATE',
      message: `"${text}" is not a stage; a stage is a duration, "@" and a rate or a range of rates`,
      hint: 'Write stages like 10s@50/s,20s@50..500/s.',
    });
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

/** How many arrivals a stage holds on average: the area under its line. */
function stageCount(stage: Stage): number {
  return (((stage.fromHz + stage.toHz) / 2) * stage.durationMs) / 1000;
}

/** The average rate of the first second, at least 1/s: what a warm-up runs at, so that a ramp starts cool. */
export function initialRateHz(profile: Profile): number {
  const [first] = profile;
  if (first === undefined) return 1;
  const reached = Math.min(1, 1000 / first.durationMs);
  return Math.max(1, first.fromHz + ((first.toHz - first.fromHz) * reached) / 2);
}

/** How many arrivals the whole profile holds on average. */
export function profileCount(profile: Profile): number {
  return profile.reduce((sum, stage) => sum + stageCount(stage), 0);
}

/** By so much the area of a stage may be off through rounding, in messages; it must not make one more of them. */
const COUNT_TOLERANCE = 1e-9;

/**
 * When, in milliseconds from the start, the average number of arrivals reaches `count`: the inverse of the
 * area under the profile. Past the end it is Infinity.
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

/** As it is written on the command line, with the durations: `10s@100/s`. */
export function formatProfile(profile: Profile): string {
  return profile
    .map((stage) => {
      const range = stage.fromHz === stage.toHz ? '' : `${formatNumber(stage.fromHz)}..`;
      return `${formatDurationMs(stage.durationMs)}@${range}${formatNumber(stage.toHz)}/s`;
    })
    .join(',');
}
