import type { Plan } from '../plan/plan.ts';
import { formatBytes, formatDurationMs, formatNumber } from '../units.ts';

type StoredDisruption = Plan['disruptions'][number];

function disturbedText(clients: StoredDisruption['clients']): string {
  return 'share' in clients ? `${formatNumber(clients.share * 100)}%` : String(clients.count);
}

/** Writes a disruption as --disrupt reads it: `reset at=5s clients=50% for=2s`. Defaults are left out. */
export function disruptionText(disruption: StoredDisruption): string {
  const { kind, atMs, everyMs, arrival, clients, group, sendsOffset } = disruption;
  const { forMs, answersPings, readHz, signal } = disruption;
  const isAll = 'share' in clients && clients.share === 1;
  const terms: ReadonlyArray<readonly [key: string, value: string | null]> = [
    ['at', formatDurationMs(atMs)],
    ['every', everyMs === null ? null : formatDurationMs(everyMs)],
    ['arrival', arrival === 'constant' ? null : arrival],
    ['clients', isAll ? null : disturbedText(clients)],
    ['group', group === null ? null : `${group.number}/${group.of}`],
    ['for', forMs === null ? null : formatDurationMs(forMs)],
    ['offset', sendsOffset ? null : 'off'],
    ['pings', answersPings ? null : 'off'],
    ['read', readHz === null ? null : `${formatBytes(readHz).replace(' ', '')}/s`],
    ['signal', signal === 'SIGTERM' ? null : signal],
  ];
  const given = terms.flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]));
  return [kind, ...given].join(' ');
}

/** Writes a policy as --reconnect reads it: `exponential delay=1s max=5s jitter=0.5`. */
export function reconnectText({ kind, delayMs, maxDelayMs, jitter, maxAttempts }: Plan['reconnect']): string {
  const delay = kind === 'fixed' || kind === 'exponential' ? [`delay=${formatDurationMs(delayMs)}`] : [];
  const growth = kind === 'exponential' ? [`max=${formatDurationMs(maxDelayMs)}`, `jitter=${jitter}`] : [];
  const attempts = maxAttempts === null ? [] : [`attempts=${maxAttempts}`];
  return [kind, ...delay, ...growth, ...attempts].join(' ');
}
