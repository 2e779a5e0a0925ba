import { formatBytes, formatNs, formatPercent } from '../units.ts';
import type { Growing, TestedGrowth } from './stored-soak.ts';

/** What reports call the quantities whose growth is tested. */
export const GROWING_TITLES: Readonly<Record<Growing, string>> = {
  server_rss: 'server RSS',
  server_heap: 'server heap after GC',
  latency_p50: 'p50',
  latency_p99: 'p99',
  lost: 'lost',
  generator_rss: 'generator RSS',
};

/** Writes an amount of a quantity, as its values are written. */
export function formatGrown(of: Growing, amount: number): string {
  const sign = amount < 0 ? '-' : '';
  const size = Math.abs(amount);
  switch (of) {
    case 'latency_p50':
    case 'latency_p99':
      return `${sign}${formatNs(size)}`;
    case 'lost':
      return `${sign}${formatPercent(size)}`;
    case 'server_rss':
    case 'server_heap':
    case 'generator_rss':
      return `${sign}${formatBytes(Math.round(size))}`;
  }
}

/** `61.2 MiB/h (60.8 MiB to 61.7 MiB)`: an estimate with its 95 % interval. */
export function growthText({ of, perHour, lowerPerHour, upperPerHour }: TestedGrowth): string {
  const [estimate, lower, upper] = [perHour, lowerPerHour, upperPerHour].map((each) => formatGrown(of, each));
  return `${estimate}/h (${lower} to ${upper})`;
}

/** TestedGrowth per message that was sent, with its interval: `1,020 B (1,010 B to 1,030 B)`; null where it has no meaning. */
export function perMessageText(growth: TestedGrowth, sentHz: number): string | null {
  if (sentHz === 0 || (growth.of !== 'server_rss' && growth.of !== 'server_heap')) return null;
  const bytes = (perHour: number) => formatGrown(growth.of, perHour / 3600 / sentHz);
  return `${bytes(growth.perHour)} (${bytes(growth.lowerPerHour)} to ${bytes(growth.upperPerHour)})`;
}
