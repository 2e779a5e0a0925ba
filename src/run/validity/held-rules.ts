import type { Finding } from '../../result/findings.ts';
import type { RunResult } from '../../result/run-result.ts';
import type { CutAge } from '../../result/stored-moments.ts';
import { isHeld } from '../../result/view.ts';
import { listCounted, plural } from '../../text.ts';
import { formatCount } from '../../units.ts';

/** How many reasons are shown. */
const MAX_REASONS_SHOWN = 3;

/** How far apart the ages of connections may be that one timeout cut: timers of proxies and servers have coarse steps. */
const MAX_SPREAD_MS = 1000;
const SPREAD_SHARE = 0.02;

/** How much closer together one of ages and times must be for the other not to be its cause. */
const MUCH_CLOSER = 3;

/** Connections that were held and cut: why, at which age, how closely together, and what that means. */
export function findHeldCuts(result: RunResult): Finding | null {
  const { samples, clients } = result;
  if (!isHeld(result) || samples.incomplete === 0) return null;
  const isAll = samples.incomplete === clients.connected && clients.connected > 1;
  const many = `${isAll ? 'all' : `${formatCount(samples.incomplete)} of`} ${plural(clients.connected, 'connection')}`;
  const were = `${many} ${samples.incomplete === 1 ? 'was' : 'were'} cut`;
  return { code: 'connections_cut', message: `${were}${cutsText(result)}` };
}

/** What follows "were cut". The age of one reason comes first, because terminals show the beginning. */
function cutsText({ cutAges, clients }: RunResult): string {
  const [first, ...others] = cutAges;
  if (first === undefined) return `: ${listCounted(clients.dropped)}`;
  if (others.length === 0) {
    const cause = cutCauseOf(first);
    const reason = withCode(first.reason);
    return ` ${agesText(first)}: ${cause === null ? reason : `${cause} (${reason})`}`;
  }
  const more = cutAges.length - MAX_REASONS_SHOWN;
  const shown = cutAges.slice(0, MAX_REASONS_SHOWN).map((cut) => {
    const cause = cutCauseOf(cut);
    const ages = `${formatCount(cut.count)} ${agesText(cut)}`;
    return `${withCode(cut.reason)} (${ages}${cause === null ? '' : `: ${cause}`})`;
  });
  return `: ${[...shown, ...(more > 0 ? [plural(more, 'other reason')] : [])].join(', ')}`;
}

/** `between 300.1 s and 300.9 s of age` */
function agesText({ minAgeMs, maxAgeMs }: CutAge): string {
  const [min, max] = [secondsText(minAgeMs), secondsText(maxAgeMs)];
  return min === max ? `at ${min} of age` : `between ${min} and ${max} of age`;
}

/** Browsers and proxies name an end without a close frame by its code. Source: RFC 6455, section 7.1.5. */
function withCode(reason: string): string {
  return reason === 'closed without a close frame' ? `${reason}, 1006` : reason;
}

/**
 * A timeout cuts at one age, whenever the connection began. What ends all connections at one time cuts them at different
 * ages. Where they also began close together, only a slower start can separate the two. Null where neither fits.
 */
function cutCauseOf({ count, minAgeMs, maxAgeMs, firstAtMs, lastAtMs }: CutAge): string | null {
  if (count < 2) return null;
  const [ageSpreadMs, timeSpreadMs] = [maxAgeMs - minAgeMs, lastAtMs - firstAtMs];
  const allowedMs = Math.max(MAX_SPREAD_MS, maxAgeMs * SPREAD_SHARE);
  const isOneAge = ageSpreadMs <= allowedMs;
  const isOneTime = timeSpreadMs <= allowedMs;
  if (isOneAge && timeSpreadMs >= MUCH_CLOSER * ageSpreadMs && timeSpreadMs > 0)
    return 'a timeout of the server or of a proxy';
  if (isOneTime && ageSpreadMs >= MUCH_CLOSER * timeSpreadMs && ageSpreadMs > 0)
    return 'all at one time, as when a server or a proxy restarts';
  return isOneAge && isOneTime
    ? 'a timeout of the server or of a proxy, unless one event cut them all; a lower --connect-rate shows which'
    : null;
}

/** `0.12 s`, `300.1 s` */
function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
