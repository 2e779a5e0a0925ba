import { z } from 'zod';
import type { Disruption, ReconnectPolicy } from '../contract/disruption.ts';
import { fail } from '../errors.ts';
import { didYouMean, list } from '../text.ts';
import { formatDurationMs, parseDurationMs } from '../units.ts';
import { readTerms } from './terms.ts';

const RECONNECT_POLICIES = ['none', 'immediate', 'fixed', 'exponential'] as const;

/** A policy as it is stored with the plan. */
export const reconnectSchema = z
  .object({
    kind: z.enum(RECONNECT_POLICIES),
    delayMs: z.number().nonnegative(),
    maxDelayMs: z.number().nonnegative(),
    jitter: z.number().min(0).max(1),
    maxAttempts: z.number().int().positive().nullable(),
  })
  .readonly();

/** Clients do not come back. */
export const NO_RECONNECT: ReconnectPolicy = {
  kind: 'none',
  delayMs: 0,
  maxDelayMs: 0,
  jitter: 0,
  maxAttempts: null,
};

/** Whether clients of a run may lose their connection and come back. */
export function mayBeAway({
  disruptions,
  reconnect,
}: {
  readonly disruptions: readonly Disruption[];
  readonly reconnect: ReconnectPolicy;
}): boolean {
  return disruptions.length > 0 || reconnect.kind !== 'none';
}

export const KEYS_OF_POLICY: Readonly<Record<ReconnectPolicy['kind'], readonly string[]>> = {
  none: [],
  immediate: ['attempts'],
  fixed: ['delay', 'attempts'],
  exponential: ['delay', 'max', 'jitter', 'attempts'],
};

/** The defaults of socket.io-client: reconnectionDelay, reconnectionDelayMax and randomizationFactor. */
const SOCKETIO_DEFAULTS = { delay: '1s', max: '5s', jitter: '0.5' };

/**
 * Reads a policy. Throws BAD_RECONNECT.
 *
 *     policy = kind *( " " key "=" value )
 *     kind   = "none" | "immediate" | "fixed" | "exponential"
 *     key    = "delay" | "max" | "jitter" | "attempts"
 */
export function parseReconnect(text: string): ReconnectPolicy {
  const [name = '', ...terms] = text.trim().split(/\s+/);
  const kind = RECONNECT_POLICIES.find((each) => each === name) ?? refusePolicy(name);
  const values = readTerms(terms, { of: name, code: 'BAD_RECONNECT', keys: KEYS_OF_POLICY[kind] });
  const maxAttempts = parseAttempts(values.get('attempts'));
  if (kind === 'none' || kind === 'immediate') return { ...NO_RECONNECT, kind, maxAttempts };
  const delayMs = parseDurationMs(values.get('delay') ?? SOCKETIO_DEFAULTS.delay);
  if (delayMs <= 0) fail('BAD_RECONNECT', 'delay=0s does not wait', "Write 'immediate'.");
  if (kind === 'fixed') return { kind, delayMs, maxDelayMs: delayMs, jitter: 0, maxAttempts };
  const given = values.get('max');
  const maxDelayMs = parseDurationMs(given ?? SOCKETIO_DEFAULTS.max);
  if (maxDelayMs < delayMs)
    fail(
      'BAD_RECONNECT',
      `delay=${formatDurationMs(delayMs)} is above max=${formatDurationMs(maxDelayMs)}${given === undefined ? ', the default' : ''}`,
      'Give a larger max=.',
    );
  return { kind, delayMs, maxDelayMs, jitter: parseJitter(values.get('jitter')), maxAttempts };
}

function refusePolicy(name: string): never {
  return fail(
    'BAD_RECONNECT',
    `"${name}" is not a policy; they are ${list(RECONNECT_POLICIES)}`,
    didYouMean(name, RECONNECT_POLICIES, "Write 'exponential delay=1s max=5s jitter=0.5'."),
  );
}

function parseAttempts(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  return fail('BAD_RECONNECT', `attempts=${text} is not a whole number from 1`, 'Leave it out for no limit.');
}

function parseJitter(text: string = SOCKETIO_DEFAULTS.jitter): number {
  const jitter = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (jitter >= 0 && jitter <= 1) return jitter;
  return fail('BAD_RECONNECT', `jitter=${text} is not a number from 0 to 1`, 'Write it like jitter=0.5.');
}

/** Whether a policy makes the attempt of this number, from 1, of one absence. */
export function allowsAttempt({ kind, maxAttempts }: ReconnectPolicy, attempt: number): boolean {
  return kind !== 'none' && (maxAttempts === null || attempt <= maxAttempts);
}

/**
 * The time before the attempt of this number, from 1, in milliseconds; null where there are no more attempts.
 * `random` returns a number from 0 up to 1. As backo2 of Socket.IO, the exponential delay is spread before it is capped.
 */
export function delayBeforeMs(policy: ReconnectPolicy, attempt: number, random: () => number): number | null {
  const { kind, delayMs, maxDelayMs, jitter } = policy;
  if (!allowsAttempt(policy, attempt)) return null;
  if (kind === 'immediate') return 0;
  if (kind === 'fixed') return delayMs;
  // A larger power of two is above any maximum.
  const doubledMs = delayMs * 2 ** Math.min(attempt - 1, 52);
  return Math.min(maxDelayMs, doubledMs * (1 + jitter * (2 * random() - 1)));
}
