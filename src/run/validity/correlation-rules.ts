import type { Finding } from '../../result/findings.ts';
import { type ResultView, samplesForBounds, samplesNeeded } from '../../result/view.ts';
import { list, pluralOf } from '../../text.ts';
import { formatCount } from '../../units.ts';

/** Effective numbers from this part of the samples on are not worth a note. */
const NOTED_BELOW = 0.5;

/** Quantiles that are noted. */
const NOTED = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

/** Notes as how many independent ones the samples of the headline count, where they are correlated. */
export function noteCorrelation({ result, samples }: ResultView): Finding | null {
  const { headline, series } = result;
  const count = samples(headline);
  const effective = series[headline]?.effectiveSamples ?? {};
  const correlated = NOTED.flatMap(([name, quantile]) => {
    const number = effective[name];
    const needed = samplesForBounds(quantile);
    // A dash says the same of a quantile that would have had a wide interval anyway.
    const isExpected = count >= samplesNeeded(quantile);
    const isCorrelated = number !== undefined && number < NOTED_BELOW * count;
    return isExpected && isCorrelated ? [{ name, number, needed }] : [];
  });
  if (correlated.length === 0) return null;
  const counted = correlated.filter(({ number, needed }) => number >= needed);
  const unknown = correlated.filter(({ number, needed }) => number < needed).map(({ name }) => name);
  const as = counted.map(
    ({ name, number }) => `${formatCount(Math.round(number))} independent ones for ${name}`,
  );
  const parts = [
    ...(as.length === 0 ? [] : [`count as ${as.join(', ')}`]),
    ...(unknown.length === 0 ? [] : [`are too few for ${list(unknown)}`]),
  ];
  const message = `successive ${pluralOf(result.samples.unit)} are correlated: ${formatCount(count)} ${parts.join(', and ')}`;
  return { code: 'correlated_samples', message };
}
