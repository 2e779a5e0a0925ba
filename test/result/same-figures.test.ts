import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { renderCsv } from '../../src/report/csv.ts';
import { renderHgrm } from '../../src/report/hgrm.ts';
import { renderHlog } from '../../src/report/hlog.ts';
import { aggregate } from '../../src/result/aggregate.ts';
import type { Capacity, ObjectiveFigure } from '../../src/result/capacity.ts';
import type { Comparison, Judgement } from '../../src/result/comparison.ts';
import { parseAs } from '../../src/result/documents.ts';
import { COUNT_NAMES, isFigure } from '../../src/result/metrics.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { measuredTelemetry, receivedInTime } from '../../src/result/telemetry.ts';
import {
  measuredIntervals,
  type NsHistogram,
  type ResultView,
  samplesNeeded,
  viewResult,
} from '../../src/result/view.ts';
import { endingSoFar, maxSteps, nextStep } from '../../src/stats/capacity-search.ts';
import { judgeStep, parseObjectives } from '../../src/stats/capacity-step.ts';
import { judge } from '../../src/stats/judge.ts';
import { judgeThreshold, parseThreshold } from '../../src/stats/thresholds.ts';
import { codeOf, fromSchema2, renamed } from '../support/schema-2.ts';

/**
 * Documents that were recorded before the redesign of schema version 3, and what the sockbench of then computed of them
 * (FOLDER/NAME.json.gz and NAME.figures.json.gz): every figure must be the same to the last bit.
 */
const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'schema-2');
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json.gz') && !name.endsWith('.figures.json.gz'))
  .map((name) => name.replace('.json.gz', ''));

const read = (name: string): unknown =>
  JSON.parse(gunzipSync(readFileSync(join(FOLDER, `${name}.json.gz`))).toString());

const QUANTILES = [0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];
const orNull = (value: number) => (Number.isFinite(value) ? value : null);
const readOf = (histogram: NsHistogram) => ({
  count: histogram.count,
  mean: orNull(histogram.meanNs),
  quantiles: QUANTILES.map((quantile) => orNull(histogram.quantileNs(quantile))),
});
const each = <T>(names: readonly string[], of: (name: string) => T): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, of(name)]));

/** A figure or count that was added later has no recorded value. */
const THEN = renamed(read('ws-broadcast.figures')) as { readonly figures: object; readonly counts: object };
const FIGURES_THEN = Object.keys(THEN.figures);
const COUNTS_THEN = COUNT_NAMES.filter((name) => Object.hasOwn(THEN.counts, name));

function aggregateFigures(views: readonly ResultView[]) {
  const all = aggregate(views);
  const series = [...new Set(views.flatMap(({ result }) => Object.keys(result.series)))].sort();
  return {
    counts: Object.fromEntries(COUNTS_THEN.map((name) => [name, all.count(name)])),
    expected: all.expected,
    sent: all.sent,
    figures: each(FIGURES_THEN, (name) => (isFigure(name) ? all.figure(name) : undefined)),
    series: each(series, (name) => {
      const histogram = all.histogram(name);
      return { ...(histogram === null ? {} : readOf(histogram)), samples: all.samples(name) };
    }),
  };
}

/** The same figures as a run has of itself, in rounds and steps too. */
function measuredFigures(result: RunResult) {
  const view = viewResult(result);
  return {
    ...aggregateFigures([view]),
    // A quantile was reported then with ten samples beyond it. Now it is with an interval, which fewer make.
    reported: each(Object.keys(result.series).sort(), (name) =>
      [0.5, 0.9, 0.95, 0.99].map((quantile) =>
        view.samples(name) < samplesNeeded(quantile) ? null : view.quantileNs(name, quantile),
      ),
    ),
    receivedInTime: receivedInTime(result),
    telemetry: [...result.telemetry.servers, ...result.telemetry.workers].map((process) =>
      measuredTelemetry(process, result.timing.measureMs),
    ),
  };
}

type Aggregate = ReturnType<typeof aggregate>;

function thresholdOutcome(
  expression: string,
  own: RunResult['ownSeries'],
  head: Aggregate,
  base: Aggregate | null = null,
) {
  const threshold = parseThreshold(expression, own, { hasBase: base !== null });
  const { passed, actual } = judgeThreshold(threshold, head, base);
  return { expression, passed, actual };
}

/** Each bound held at 95 % then. Now both together do. */
const withoutBounds = ({ lower: _, upper: __, ...figure }: ObjectiveFigure) => figure;

function stepFigures(result: RunResult, sets: readonly (readonly string[])[]) {
  return sets.map((objectives) => {
    const parsed = objectives.flatMap((expression) => parseObjectives(expression, result.ownSeries));
    const { outcome, reasons, figures } = judgeStep(viewResult(result), parsed);
    return {
      objectives,
      outcome,
      codes: reasons.map(({ code }) => code),
      figures: figures.map(withoutBounds),
    };
  });
}

/** Histograms are compared by their digests, since they are in the document itself. */
function hlogRows(result: RunResult): string[] {
  const digest = (text: string) => createHash('sha256').update(text).digest('base64').slice(0, 16);
  const lines = renderHlog(result).split('\n').slice(2);
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const at = line.lastIndexOf(',');
      return line.startsWith('Tag=') ? `${line.slice(0, at)},${digest(line.slice(at + 1))}` : line;
    });
}

function csvCells(result: RunResult): Record<string, string | undefined> {
  const [header = [], row = []] = renderCsv([result])
    .split('\n')
    .map((line) => line.split(','));
  return Object.fromEntries(header.map((name, index) => [name, row[index]]));
}

interface StepFigures {
  readonly objectives: readonly string[];
  readonly codes: readonly string[];
  readonly figures: readonly ObjectiveFigure[];
}

interface RunFigures {
  readonly thresholds: readonly { readonly expression: string }[];
  readonly steps: readonly StepFigures[];
  readonly seconds: readonly { readonly count: number; readonly quantiles: readonly number[] }[];
  readonly csv: Readonly<Record<string, string>>;
}

const withCodes = (step: StepFigures) => ({
  ...step,
  codes: step.codes.map(codeOf),
  figures: step.figures.map(withoutBounds),
});

function runFigures(result: RunResult, then: RunFigures) {
  const { ownSeries } = result;
  const view = viewResult(result);
  return {
    ...measuredFigures(result),
    seconds: measuredIntervals(view).map(({ count, p50Ns, p99Ns, maxNs }) => [count, p50Ns, p99Ns, maxNs]),
    thresholds: then.thresholds.map(({ expression }) =>
      thresholdOutcome(expression, ownSeries, aggregate([view])),
    ),
    steps: stepFigures(
      result,
      then.steps.map(({ objectives }) => objectives),
    ),
    hlog: hlogRows(result),
    hgrm: renderHgrm(view)
      .split('\n')
      .filter((line) => /^[\s\d]/.test(line)),
  };
}

// There were no factors then, so no effects.
const judgementFigures = ({ heads, effects: _, verdict: __, ...rest }: Judgement) => ({
  ...rest,
  // The values of excluded rounds were not stored then.
  heads: heads.map(({ excludedPoints: _, verdict: __, ...head }) => ({
    ...head,
    invalid: head.invalid.map(({ code }) => code),
    excluded: head.excluded.map(({ round, reasons }) => ({
      round,
      reasons: reasons.map(({ arm, code }) => ({ arm, code })),
    })),
    metrics: head.metrics.map(({ because: _, ...outcome }) => asEstimated(outcome)),
  })),
});

/** The figures of a metric without what its verdict goes by: verdicts had other margins then. */
function asEstimated(outcome: object): object {
  const ofVerdict = /^(verdict|lower|upper|pRegressed|pImproved|detectable)/;
  return Object.fromEntries(Object.entries(outcome).filter(([name]) => !ofVerdict.test(name)));
}

type After = readonly [verdict: unknown, pairs: number, metrics: readonly (readonly unknown[])[]];

interface ComparisonFigures {
  readonly judgement: Omit<Judgement, 'heads'> & {
    readonly heads: readonly { readonly metrics: readonly object[] }[];
  };
  readonly after: readonly {
    readonly look: number;
    readonly ranking: unknown;
    readonly heads: readonly After[];
  }[];
  readonly thresholds: readonly (readonly { readonly expression: string }[])[];
}

/** What was recorded, without what verdicts go by. */
function estimatedThen({ judgement, after, ...rest }: ComparisonFigures) {
  const { verdict: _, heads, ...judged } = judgement;
  return {
    ...rest,
    judgement: {
      ...judged,
      heads: heads.map(({ metrics, ...head }) => ({
        ...asEstimated(head),
        metrics: metrics.map(asEstimated),
      })),
    },
    after: after.map(({ look, ranking, heads: pairs }) => ({
      look,
      ranking,
      heads: pairs.map(([, count, metrics]) => [count, metrics.map(([metric, , ratio]) => [metric, ratio])]),
    })),
  };
}

function comparisonFigures({ design, rounds }: Comparison, then: ComparisonFigures) {
  const looks = [
    { rounds: 4, alpha: 0.1 },
    { rounds: 6, alpha: 0.2 },
  ];
  const loose = { ...design, looks, alpha: 0.3, maxInvalidShare: 0.5 };
  const arms = design.arms.map((_, arm) =>
    rounds
      .flatMap(({ runs }) => runs)
      .filter((run) => run.arm === arm)
      .flatMap(({ result }) => (result === null ? [] : [viewResult(result)])),
  );
  const [base = null, ...heads] = arms.map(aggregate);
  return {
    judgement: judgementFigures(judge(design, rounds)),
    after: rounds.map((_, index) => {
      const some = rounds.slice(0, index + 1);
      const { look, ranking, heads: judged } = judge(loose, some);
      return {
        look,
        ranking: ranking && { metric: ranking.metric, places: ranking.places },
        heads: judged.map((head) => [head.pairs, head.metrics.map(({ metric, ratio }) => [metric, ratio])]),
      };
    }),
    arms: arms.map(aggregateFigures),
    runs: rounds.map(({ runs }) =>
      runs.map(({ result }) => (result === null ? null : measuredFigures(result))),
    ),
    thresholds: heads.map((head, index) =>
      (then.thresholds[index] ?? []).map(({ expression }) => thresholdOutcome(expression, {}, head, base)),
    ),
  };
}

function capacityFigures({ design, steps, status }: Capacity) {
  const history = steps.map(({ phase, value, outcome }) => ({ phase, value, outcome }));
  const objectives = [...design.objectives, `lost<=${design.lost}`, `failed<=${design.lost}`];
  return {
    most: maxSteps(design),
    next: history.map((_, index) => nextStep(history.slice(0, index), design)),
    ending: status === 'complete' ? nextStep(history, design) : null,
    soFar: history.map((_, index) => endingSoFar(history.slice(0, index + 1))),
    steps: steps.map(({ result }) => (result === null ? null : stepFigures(result, [objectives]))),
    runs: steps.map(({ result }) => (result === null ? null : measuredFigures(result))),
  };
}

const kindOf = (name: string) => (fromSchema2(read(name)) as { readonly kind?: string }).kind ?? 'run';

describe('the figures of a document that was recorded before the redesign are the same', () => {
  it.each(NAMES.filter((name) => kindOf(name) === 'run'))('of the run %s', (name) => {
    const { csv, ...then } = renamed(read(`${name}.figures`)) as RunFigures;
    const result = parseAs('run', name, fromSchema2(read(name)));
    expect(runFigures(result, { csv, ...then })).toEqual({
      ...then,
      steps: then.steps.map(withCodes),
      seconds: then.seconds.map(({ count, quantiles }) => [
        count,
        ...[0.5, 0.99, 1].map((quantile) => quantiles[QUANTILES.indexOf(quantile)]),
      ]),
    });
    const isPercentile = (column: string) => /p\d+_/.test(column);
    const columns = Object.entries(csv)
      .filter(([column, cell]) => !isPercentile(column) || cell !== '')
      .map(([column, cell]) => [CSV_COLUMNS[column] ?? column, cell]);
    expect(csvCells(result)).toMatchObject(Object.fromEntries(columns));
  });

  it.each(NAMES.filter((name) => kindOf(name) === 'comparison'))('of the comparison %s', (name) => {
    const then = renamed(read(`${name}.figures`)) as ComparisonFigures;
    expect(comparisonFigures(parseAs('comparison', name, fromSchema2(read(name))), then)).toEqual(
      estimatedThen(then),
    );
  });

  it.each(NAMES.filter((name) => kindOf(name) === 'capacity'))('of the capacity search %s', (name) => {
    const then = renamed(read(`${name}.figures`)) as { readonly steps: readonly RunFigures['steps'][] };
    const steps = then.steps.map((each) => each.map(withCodes));
    expect(capacityFigures(parseAs('capacity', name, fromSchema2(read(name))))).toEqual({ ...then, steps });
  });
});

/** Columns that have another name now, beside those of schema-2.ts. */
const CSV_COLUMNS: Readonly<Record<string, string>> = {
  polls_in_vain_ratio: 'empty_polls_ratio',
  generator_utilisation_ratio: 'generator_utilization_ratio',
};
