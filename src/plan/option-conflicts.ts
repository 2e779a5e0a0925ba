import type { GivenOptions } from '../contract/options.ts';
import { fail } from '../errors.ts';
import { plural } from '../text.ts';
import { formatDurationMs } from '../units.ts';
import { PLAN_OPTIONS, type PlanOptions } from './options.ts';
import { requireOneKindOfPayload } from './payload-plan.ts';

/** Connecting takes at most a day, as the other phases do. */
const MAX_CONNECT_MS = 24 * 3600e3;

/** Checks options that depend on one another. A duration contradicts a profile only when the user gave it. */
export function requireConsistent(options: PlanOptions, given: GivenOptions, asked: GivenOptions): void {
  const { rate, warmup, warmupMax } = options;
  if (rate.includes('@') && asked['duration'] !== undefined) {
    fail(
      'RATE_AND_DURATION',
      `--duration ${asked['duration']} contradicts the profile --rate ${rate}, whose stages have their own durations`,
      'Remove --duration, also from the config.',
    );
  }
  const connectMs = (options.clients / options.connectRate) * 1000;
  if (connectMs > MAX_CONNECT_MS) {
    fail(
      'CONNECT_TOO_SLOW',
      `at --connect-rate ${given['connectRate'] ?? PLAN_OPTIONS.connectRate.default}, ${plural(options.clients, 'client')} would connect in ${formatDurationMs(connectMs)}; the maximum is 24h`,
      'Increase --connect-rate.',
    );
  }
  if (typeof options.workers === 'number' && options.workers > options.clients) {
    fail(
      'TOO_MANY',
      `--workers ${options.workers} is more than the ${plural(options.clients, 'client')}`,
      `Give --workers ${options.clients} or less, or more clients.`,
    );
  }
  if (given['recoveryWindow'] !== undefined && options.recovery !== 'on') {
    fail(
      'BAD_SETTING',
      `--recovery-window ${given['recoveryWindow']} has no effect without --recovery on`,
      'Add --recovery on, or remove --recovery-window.',
    );
  }
  requireOneKindOfPayload(asked);
  if (warmupMax < warmup && given['warmupMax'] !== undefined) {
    fail(
      'WARMUP_RANGE',
      `--warmup-max ${given['warmupMax']} is less than --warmup ${given['warmup'] ?? PLAN_OPTIONS.warmup.default}`,
      'Give both the same value for a warm-up of fixed length.',
    );
  }
}
