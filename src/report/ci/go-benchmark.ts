import type { Comparison, MetricOutcome } from '../../result/comparison.ts';
import { verdictSentence } from '../content/comparison-verdict.ts';
import { plain } from '../plain.ts';
import { believedHeads, type CiView, ciView, labelOf } from './view.ts';

/** The last word of a unit is what benchstat knows: `delivery.p50-ns` is shown as `delivery.p50-sec`. */
function unitOf({ metric, unit }: MetricOutcome): string {
  const name = plain(metric).replace(/[\s\ufffd/*-]+/gu, '_');
  switch (unit) {
    case 'duration':
      return `${name}-ns`;
    case 'bytes':
      return `${name}-B`;
    case 'rate':
      return `${name}/s`;
    default:
      return name;
  }
}

/**
 * A word of a benchmark's name. Space and `/` would end it, `=` would be taken for a key, and a hyphen before digits
 * for the number of processors.
 */
function word(text: string): string {
  return text.replace(/[^\p{L}\p{N}_.+]+/gu, '_');
}

/** `broadcast-latency` -> `BroadcastLatency` */
function benchmarkName(scenario: string): string {
  const parts = scenario.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== '');
  return parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('') || 'Scenario';
}

/** What each arm is called in a name, no two alike. */
function armWords({ arms }: CiView): string[] {
  const words = arms.map(word);
  return words.map((text, arm) => (words.indexOf(text) === arm ? text : `${text}_${arm + 1}`));
}

/** The values of one arm in one round, by unit. */
type Line = Map<string, number>;

/** By round, then by arm. The base's come with every head's; they are the same ones. */
function linesOf(view: CiView): Map<number, Map<number, Line>> {
  const rounds = new Map<number, Map<number, Line>>();
  const put = (round: number, arm: number, unit: string, value: number) => {
    const arms = rounds.get(round) ?? new Map<number, Line>();
    rounds.set(round, arms);
    const line = arms.get(arm) ?? new Map<string, number>();
    arms.set(arm, line);
    line.set(unit, value);
  };
  for (const { head, metrics } of believedHeads(view)) {
    for (const metric of metrics) {
      for (const point of metric.points) {
        put(point.round, 0, unitOf(metric), point.base);
        put(point.round, head, unitOf(metric), point.head);
      }
    }
  }
  return rounds;
}

const inOrder = <Value>(map: ReadonlyMap<number, Value>) => [...map].toSorted(([a], [b]) => a - b);

/** Which way is better, for benchstat's words; once for each unit. */
function unitLines({ comparison }: CiView): string[] {
  const metrics = comparison.judgement.heads.flatMap((pair) => pair.metrics);
  const lines = metrics.map(
    (metric) => `Unit ${unitOf(metric)} better=${metric.unit === 'rate' ? 'higher' : 'lower'}`,
  );
  return [...new Set(lines)];
}

/**
 * Go's benchmark format (design 14313), one line for each valid round and arm: `benchstat -col /arm benchmark.txt`
 * compares the arms. Only what stays the same from comparison to comparison is configuration, since benchstat sets
 * apart what differs in it; the verdict is a comment. An INVALID comparison has no lines.
 */
export function renderGoBenchmark(comparison: Comparison): string {
  const view = ciView(comparison);
  const environment = comparison.rounds.flatMap(({ runs }) => runs).find(({ result }) => result !== null)
    ?.result?.environment;
  const name = `Benchmark${benchmarkName(view.scenario)}`;
  const arms = armWords(view);
  const results = inOrder(linesOf(view)).flatMap(([, byArm]) =>
    inOrder(byArm).map(([arm, line]) => {
      const values = [...line].map(([unit, value]) => `${value} ${unit}`);
      return `${name}/arm=${arms[arm] ?? arm} 1 ${values.join(' ')}`;
    }),
  );
  return [
    `# ${verdictSentence(comparison)}`,
    ...arms.map((text, arm) => `# arm ${text}: ${labelOf(view, arm)}`),
    `scenario: ${view.scenario}`,
    `sockbench: ${plain(comparison.tool.version)}`,
    ...(environment === undefined
      ? []
      : [`cpu: ${plain(environment.cpuModel)}`, `node: ${plain(environment.nodeVersion)}`]),
    ...unitLines(view),
    ...results,
    '',
  ].join('\n');
}
