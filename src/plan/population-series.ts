import { ofPopulation } from '../measure/series.ts';
import type { Plan } from './plan.ts';
import { isOfOneClient } from './population-load.ts';

type DividedPlan = Pick<Plan, 'headline' | 'network' | 'populations'>;

/** The series without the constant delay of links. */
export function withoutLink(headline: string): string {
  return `${headline}_without_link`;
}

/** The series of a run that are of its populations, or about its links, with their meanings. */
export function seriesOfPlan(plan: DividedPlan): Readonly<Record<string, string>> {
  const connecting = plan.populations.map(({ name }) => [
    ofPopulation('connect', name),
    meaning('connect', name),
  ]);
  return isOfOneClient(plan.headline) ? { ...ofReceipts(plan), ...Object.fromEntries(connecting) } : {};
}

/** Those of them that get their values from receipts of the headline. */
export function seriesOfReceipts(plan: DividedPlan): string[] {
  return isOfOneClient(plan.headline) ? Object.keys(ofReceipts(plan)) : [];
}

function ofReceipts({ headline, network, populations }: DividedPlan): Readonly<Record<string, string>> {
  const named = [headline, `${headline}_actual`].flatMap((series) =>
    populations.map(({ name }) => [ofPopulation(series, name), meaning(series, name)]),
  );
  const withoutDelay = `${headline} less the constant delay of the links on its way; jitter and bandwidth remain`;
  return Object.fromEntries([...named, ...(network === null ? [] : [[withoutLink(headline), withoutDelay]])]);
}

function meaning(series: string, population: string): string {
  return `${series} at the clients of ${population}`;
}
