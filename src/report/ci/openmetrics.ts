import { foreign } from '../../foreign.ts';
import { type Comparison, type MetricOutcome, VERDICTS } from '../../result/comparison.ts';
import { numbered } from '../content/run-verdict.ts';
import { plain } from '../plain.ts';
import { type CiPair, type CiView, ciView } from './view.ts';

type Labels = Readonly<Record<string, string>>;

/** A null or infinite value is left out. */
type MetricSample = readonly [labels: Labels, value: number | null];

interface Family {
  /** Ends in the unit, if there is one. */
  readonly name: string;
  readonly type: 'gauge' | 'stateset';
  readonly unit: string | null;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

function gauge(name: string, unit: string | null, help: string, samples: readonly MetricSample[]): Family {
  return { name: `sockbench_${name}`, type: 'gauge', unit, help, samples };
}

/** Each kind of metric: its OpenMetrics unit, what a stored value is divided by, the end of the name, and the help. */
const UNIT_FAMILIES: ReadonlyArray<
  readonly [kind: MetricOutcome['unit'], unit: string | null, scale: number, suffix: string, help: string]
> = [
  ['duration', 'seconds', 1e9, 'seconds', 'Times over all valid rounds.'],
  ['bytes', 'bytes', 1, 'bytes', 'Sizes over all valid rounds.'],
  ['average', null, 1, 'average', 'Averages over all valid rounds.'],
  ['rate', 'hertz', 1, 'hertz', 'Events per second, mean of all valid rounds.'],
  ['share', 'ratio', 1, 'ratio', 'Shares of one, mean of all valid rounds.'],
  ['count', null, 1, 'occurrences', 'Counts of all valid rounds together.'],
];

const escapeText = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function familyLines({ name, type, unit, help, samples }: Family): string[] {
  const known = samples.filter(([, value]) => value !== null && Number.isFinite(value));
  if (known.length === 0) return [];
  const lines = known.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeText(plain(text))}"`);
    return `${name}{${pairs.join(',')}} ${value}`;
  });
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === null ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escapeText(help)}`,
    ...lines,
  ];
}

const pairLabels = ({ scenario, base, head }: CiPair): Labels => ({ scenario, base, head });

function verdictFamilies({ pairs }: CiView): Family[] {
  const name = 'sockbench_comparison_verdict';
  const states = pairs.flatMap((each) =>
    VERDICTS.map(
      (state): MetricSample => [{ ...pairLabels(each), [name]: state }, Number(state === each.pair.verdict)],
    ),
  );
  const count = (of: (each: CiPair) => number) =>
    pairs.map((each): MetricSample => [pairLabels(each), of(each)]);
  return [
    {
      name,
      type: 'stateset',
      unit: null,
      help: 'Verdict of the comparison: the state that is 1.',
      samples: states,
    },
    gauge(
      'comparison_valid_pairs',
      null,
      'Rounds that were compared.',
      count(({ pair }) => pair.pairs),
    ),
    gauge(
      'comparison_excluded_pairs',
      null,
      'Rounds that were excluded.',
      count(({ pair }) => pair.excluded.length),
    ),
  ];
}

/** Values of base and head, merged over all valid rounds, then head over base with its bounds. */
function metricFamilies({ validPairs }: CiView): Family[] {
  const metrics = validPairs.flatMap((each) =>
    each.pair.metrics.map((metric) => ({ metric, labels: { ...pairLabels(each), metric: metric.metric } })),
  );
  const values = UNIT_FAMILIES.map(([kind, unit, scale, suffix, help]) => {
    const samples = metrics
      .filter(({ metric }) => metric.unit === kind)
      .flatMap(({ metric, labels }) =>
        (['base', 'head'] as const).map((side): MetricSample => {
          const value = metric[side];
          return [{ ...labels, side }, value === null ? null : value / scale];
        }),
      );
    return gauge(`metric_${suffix}`, unit, help, samples);
  });
  const ratio = (name: string, of: 'ratio' | 'lower' | 'upper', what: string) =>
    gauge(
      `comparison_${name}_ratio`,
      'ratio',
      `${what} of head over base.`,
      metrics.map(({ metric, labels }) => [labels, metric[of]]),
    );
  return [
    ...values,
    ratio('estimate', 'ratio', 'EstimateCell'),
    ratio('lower_bound', 'lower', 'Lower bound'),
    ratio('upper_bound', 'upper', 'Upper bound'),
  ];
}

/** Thresholds that were judged. The same threshold given twice is numbered. */
function thresholdFamily({ comparison, scenario, arms }: CiView): Family {
  const samples = arms.flatMap((head, arm) => {
    const ofArm = comparison.thresholds.filter((threshold) => threshold.arm === arm);
    const names = numbered(ofArm.map(({ expression }) => foreign(expression)));
    return ofArm.map(({ passed }, index): MetricSample => {
      const labels = { scenario, head, expression: names[index] ?? '' };
      return [labels, passed === null ? null : Number(passed)];
    });
  });
  return gauge('threshold_passed', null, '1 when the threshold passed, 0 when it failed.', samples);
}

function timeFamilies({ comparison, scenario }: CiView): Family[] {
  const seconds = (name: string, help: string, value: number) =>
    gauge(`comparison_${name}_seconds`, 'seconds', help, [[{ scenario }, value]]);
  return [
    seconds('start_timestamp', 'Start, in seconds since 1970.', Date.parse(comparison.startedAt) / 1000),
    seconds('duration', 'Duration.', comparison.durationMs / 1000),
  ];
}

/**
 * Renders OpenMetrics 1.0 text in base units, for a Pushgateway or a textfile collector. A head that is INVALID has a
 * verdict and counts of pairs, but no values.
 */
export function renderOpenMetrics(comparison: Comparison): string {
  const view = ciView(comparison);
  const families = [
    ...verdictFamilies(view),
    ...metricFamilies(view),
    thresholdFamily(view),
    ...timeFamilies(view),
  ];
  return [...families.flatMap(familyLines), '# EOF', ''].join('\n');
}
