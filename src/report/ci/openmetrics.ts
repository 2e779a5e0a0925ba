import { type Comparison, type MetricOutcome, VERDICTS } from '../../result/comparison.ts';
import { numbered } from '../content/run-verdict.ts';
import { plain } from '../plain.ts';
import { believedHeads, type CiView, ciView, labelOf } from './view.ts';

type Labels = Readonly<Record<string, string>>;

interface Family {
  /** Ends in the unit, if there is one. */
  readonly name: string;
  readonly type: 'gauge' | 'stateset';
  readonly unit: string | null;
  readonly help: string;
  readonly samples: ReadonlyArray<readonly [Labels, number]>;
}

/** The OpenMetrics unit of each kind of metric, what a stored value is divided by, and the end of the name. */
const UNITS: Readonly<
  Record<MetricOutcome['unit'], { unit: string | null; scale: number; suffix: string; help: string }>
> = {
  duration: { unit: 'seconds', scale: 1e9, suffix: 'seconds', help: 'Times over all valid rounds.' },
  bytes: { unit: 'bytes', scale: 1, suffix: 'bytes', help: 'Sizes over all valid rounds.' },
  average: { unit: null, scale: 1, suffix: 'average', help: 'Averages over all valid rounds.' },
  rate: {
    unit: 'hertz',
    scale: 1,
    suffix: 'hertz',
    help: 'Events per second, the mean of all valid rounds.',
  },
  share: { unit: 'ratio', scale: 1, suffix: 'ratio', help: 'Shares of one, the mean of all valid rounds.' },
  count: { unit: null, scale: 1, suffix: 'occurrences', help: 'Counts of all valid rounds together.' },
};

const escapeText = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function sampleLine(name: string, [labels, value]: Family['samples'][number]): string {
  const pairs = Object.entries(labels).map(
    ([key, text]) => `${key}="${escapeText(plain(text).toWellFormed())}"`,
  );
  return `${name}{${pairs.join(',')}} ${value}`;
}

function familyLines({ name, type, unit, help, samples }: Family): string[] {
  if (samples.length === 0) return [];
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === null ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escapeText(help)}`,
    ...samples.map((sample) => sampleLine(name, sample)),
  ];
}

const isKnown = (value: number | null): value is number => value !== null && Number.isFinite(value);

/** Merged over all valid rounds, base and heads, one family for each unit. */
function valueFamilies(view: CiView): Family[] {
  const heads = believedHeads(view);
  return Object.entries(UNITS).map(([kind, { unit, scale, suffix, help }]) => ({
    name: `sockbench_metric_${suffix}`,
    type: 'gauge',
    unit,
    help,
    samples: heads.flatMap(({ head, metrics }) =>
      metrics
        .filter((metric) => metric.unit === kind)
        .flatMap(({ metric, base, head: ofHead }) => {
          const against = {
            scenario: view.scenario,
            base: labelOf(view, 0),
            head: labelOf(view, head),
            metric,
          };
          const sides = [
            ['base', base],
            ['head', ofHead],
          ] as const;
          return sides.flatMap(([side, value]): Family['samples'][number][] =>
            isKnown(value) ? [[{ ...against, side }, value / scale]] : [],
          );
        }),
    ),
  }));
}

/** Head over base, with its bounds. */
function ratioFamilies(view: CiView): Family[] {
  const parts = [
    ['ratio', 'estimate_ratio', 'Estimate of head over base.'],
    ['lower', 'lower_bound_ratio', 'Lower bound of head over base.'],
    ['upper', 'upper_bound_ratio', 'Upper bound of head over base.'],
  ] as const;
  return parts.map(([field, suffix, help]) => ({
    name: `sockbench_comparison_${suffix}`,
    type: 'gauge',
    unit: 'ratio',
    help,
    samples: believedHeads(view).flatMap(({ head, metrics }) =>
      metrics.flatMap((metric): Family['samples'][number][] => {
        const value = metric[field];
        const labels = { ...pairLabels(view, head), metric: metric.metric };
        return isKnown(value) ? [[labels, value]] : [];
      }),
    ),
  }));
}

function pairLabels(view: CiView, head: number): Labels {
  return { scenario: view.scenario, base: labelOf(view, 0), head: labelOf(view, head) };
}

function verdictFamily(view: CiView): Family {
  const name = 'sockbench_comparison_verdict';
  return {
    name,
    type: 'stateset',
    unit: null,
    help: 'What the comparison came to: the state that is 1.',
    samples: view.comparison.judgement.heads.flatMap(({ head, verdict }) =>
      VERDICTS.map((state): Family['samples'][number] => [
        { ...pairLabels(view, head), [name]: state },
        state === verdict ? 1 : 0,
      ]),
    ),
  };
}

function countFamilies(view: CiView): Family[] {
  const { heads } = view.comparison.judgement;
  const gauge = { type: 'gauge', unit: null } as const;
  return [
    {
      ...gauge,
      name: 'sockbench_comparison_valid_pairs',
      help: 'Rounds that could be compared.',
      samples: heads.map(({ head, pairs }) => [pairLabels(view, head), pairs]),
    },
    {
      ...gauge,
      name: 'sockbench_comparison_excluded_pairs',
      help: 'Rounds that could not be compared.',
      samples: heads.map(({ head, excluded }) => [pairLabels(view, head), excluded.length]),
    },
  ];
}

/** One for each threshold that could be judged. */
function thresholdFamily(view: CiView): Family {
  const { comparison, scenario } = view;
  // The same of several heads is told apart by the head.
  const names = new Map(
    [...Map.groupBy(comparison.thresholds, ({ arm }) => arm).values()].flatMap((of) => {
      const labels = numbered(of.map(({ expression }) => plain(expression)));
      return of.map((threshold, index) => [threshold, labels[index] ?? ''] as const);
    }),
  );
  return {
    name: 'sockbench_threshold_passed',
    type: 'gauge',
    unit: null,
    help: '1 when the threshold passed, 0 when it failed.',
    samples: comparison.thresholds.flatMap((threshold): Family['samples'][number][] => {
      const { arm, passed } = threshold;
      const labels = { scenario, head: labelOf(view, arm), expression: names.get(threshold) ?? '' };
      return passed === null ? [] : [[labels, passed ? 1 : 0]];
    }),
  };
}

function timeFamilies({ comparison, scenario }: CiView): Family[] {
  const seconds = { type: 'gauge', unit: 'seconds' } as const;
  return [
    {
      ...seconds,
      name: 'sockbench_comparison_start_timestamp_seconds',
      help: 'When it began, in seconds since 1970.',
      samples: [[{ scenario }, Date.parse(comparison.startedAt) / 1000]],
    },
    {
      ...seconds,
      name: 'sockbench_comparison_duration_seconds',
      help: 'How long it took.',
      samples: [[{ scenario }, comparison.durationMs / 1000]],
    },
  ];
}

/**
 * OpenMetrics 1.0 text in base units, for a Pushgateway or a textfile collector. Of a head that is INVALID only that
 * is told.
 */
export function renderOpenMetrics(comparison: Comparison): string {
  const view = ciView(comparison);
  const families = [
    verdictFamily(view),
    ...countFamilies(view),
    ...valueFamilies(view),
    ...ratioFamilies(view),
    thresholdFamily(view),
    ...timeFamilies(view),
  ];
  return [...families.flatMap(familyLines), '# EOF', ''].join('\n');
}
