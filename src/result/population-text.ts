import type { Plan } from '../plan/plan.ts';
import { isOfOneClient } from '../plan/population-load.ts';
import { transportsInUse } from '../plan/population-plan.ts';
import type { Population } from '../plan/populations.ts';
import { plural } from '../text.ts';
import { formatPercent } from '../units.ts';

/** The clients of a population, and how they differ from the others of the run: `20 clients over polling, link rtt=40ms`. */
export function populationText(population: Population, plan: Pick<Plan, 'network' | 'payloadType'>): string {
  const { clients, publishers, transport, driver, rateShare, payload, payloadBytes } = population;
  const link = linkText(population, plan);
  return [
    `${plural(clients, 'client')} over ${transport} (${driver})`,
    ...(link === null ? [] : [`link ${link}`]),
    ...(publishers === 0 ? [] : [plural(publishers, 'publisher')]),
    ...(rateShare === null ? [] : [`${formatPercent(rateShare)} of the messages`]),
    ...(payload === null ? [] : [payloadText({ ...plan, payload, payloadBytes })]),
  ].join(', ');
}

/** The link of a population; null for a direct connection. */
export function linkText({ link }: Population, { network }: Pick<Plan, 'network'>): string | null {
  return network?.links[link ?? -1]?.text ?? null;
}

/** All populations of a plan in one line. */
export function populationsText(plan: Pick<Plan, 'populations' | 'network' | 'payloadType'>): string {
  return plan.populations.map((each) => `${each.name}: ${populationText(each, plan)}`).join('; ');
}

/** The transports of a plan: `websocket`, or `websocket+polling` where populations differ. */
export function transportsText(plan: Pick<Plan, 'transport' | 'populations'>): string {
  return transportsInUse(plan).join('+');
}

/** The populations that a run reports. */
export function measuredPopulations({
  headline,
  populations,
}: Pick<Plan, 'headline' | 'populations'>): readonly Population[] {
  return isOfOneClient(headline) ? populations : [];
}

/** What a run sends, or a population of it, without rounding. */
export function payloadText({
  payload,
  payloadBytes,
  payloadType,
}: Pick<Plan, 'payload' | 'payloadBytes' | 'payloadType'>): string {
  if (payload?.kind === 'files') return `files ${payload.digest} ${payloadType}`;
  if (payload?.kind !== 'sizes') return `${payload?.largestBytes ?? payloadBytes} B ${payloadType}`;
  const { minBytes, maxBytes, percentiles } = payload;
  const sizes = percentiles.map(({ percent, bytes }) => `p${percent}=${bytes}B`).join(' ');
  return `${sizes} from ${minBytes ?? 'the smallest'} to ${maxBytes ?? 'the last'} ${payloadType}`;
}
