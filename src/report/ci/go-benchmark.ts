import type { Comparison, MetricOutcome } from '../../result/comparison.ts';
import { verdictSentence } from '../content/comparison-verdict.ts';
import { plain } from '../plain.ts';
import { type CiView, ciView } from './view.ts';

/** benchstat converts the last word of a unit: `delivery.p50-ns` is shown as `delivery.p50-sec`. */
function unitOf({ metric, unit }: MetricOutcome): string {
  const name = plain(metric).replace(/[\s\\/*-]+/gu, '_');
  const suffixes: Partial<Record<MetricOutcome['unit'], string>> = {
    duration: '-ns',
    bytes: '-B',
    rate: '/s',
  };
  return `${name}${suffixes[unit] ?? ''}`;
}

/**
 * The arms as words of a benchmark name, no two alike. Space and `/` would end a word, `=` would be read as a key, and
 * a hyphen before digits as the number of processors.
 */
function armWords({ arms }: CiView): string[] {
  const words = arms.map((name) => name.replace(/[^\p{L}\p{N}_.+]+/gu, '_'));
  return words.map((text, arm) => (words.indexOf(text) === arm ? text : `${text}_${arm + 1}`));
}

/** `broadcast-latency` becomes `BroadcastLatency`. */
function benchmarkName(scenario: string): string {
  const parts = scenario.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== '');
  return parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('') || 'Scenario';
}

/** The values of one arm in one round by unit. The base occurs in the pair of each head, with the same values. */
function valuesOf({ validPairs }: CiView, round: number, arm: number): Map<string, number> {
  const metrics = validPairs.flatMap(({ pair }) => (arm === 0 || pair.head === arm ? pair.metrics : []));
  return new Map(
    metrics.flatMap((metric) =>
      metric.points
        .filter((point) => point.round === round)
        .map((point) => [unitOf(metric), arm === 0 ? point.base : point.head] as const),
    ),
  );
}

function resultLines(view: CiView, arms: readonly string[]): string[] {
  const name = `Benchmark${benchmarkName(view.scenario)}`;
  return view.comparison.rounds.flatMap(({ round }) =>
    arms.flatMap((word, arm) => {
      const values = [...valuesOf(view, round, arm)].map(([unit, value]) => `${value} ${unit}`);
      return values.length === 0 ? [] : [`${name}/arm=${word} 1 ${values.join(' ')}`];
    }),
  );
}

/**
 * Renders Go's benchmark format (design 14313), one line per valid round and arm: `benchstat -col /arm benchmark.txt`
 * compares the arms. benchstat separates results whose configuration differs, so the verdict, which changes between
 * comparisons, is a comment. An INVALID comparison has no results.
 */
export function renderGoBenchmark(comparison: Comparison): string {
  const view = ciView(comparison);
  const measured = comparison.rounds.flatMap(({ runs }) => runs).find(({ result }) => result !== null);
  const environment = measured?.result?.environment;
  const arms = armWords(view);
  const units = comparison.judgement.heads
    .flatMap(({ metrics }) => metrics)
    .map((metric) => `Unit ${unitOf(metric)} better=${metric.unit === 'rate' ? 'higher' : 'lower'}`);
  return [
    `# ${plain(verdictSentence(comparison))}`,
    ...arms.map((text, arm) => `# arm ${text}: ${view.arms[arm] ?? ''}`),
    `scenario: ${view.scenario}`,
    `sockbench: ${plain(comparison.tool.version)}`,
    ...(environment === undefined
      ? []
      : [`cpu: ${plain(environment.cpuModel)}`, `node: ${plain(environment.nodeVersion)}`]),
    ...new Set(units),
    ...resultLines(view, arms),
    '',
  ].join('\n');
}
