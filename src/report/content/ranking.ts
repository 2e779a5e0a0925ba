import { FIGURES } from '../../result/metrics.ts';
import type { ResultView } from '../../result/view.ts';
import { list, plural } from '../../text.ts';
import { formatCount, formatNumber } from '../../units.ts';
import type { Block } from '../blocks.ts';
import { plain } from '../plain.ts';
import { SUMMARY_COLUMNS } from './columns.ts';
import { isChurn } from './members.ts';
import { BACK_COLUMNS } from './recovery-columns.ts';
import { type Column, column, formatValue, shortageNotes, tabulate } from './table.ts';

/** Results of one scenario, with a label for each. */
export interface RankedScenario {
  readonly scenario: string;
  readonly views: readonly ResultView[];
  readonly labels: readonly string[];
  /** Colours of the page, from 0. */
  readonly colours: readonly number[];
}

/** What the runs of a scenario are ranked by, and what is said of it. */
interface RankedBy {
  readonly valueNs: (view: ResultView) => number | null;
  /** `has the lowest p50`, and with the series and the value of a run. */
  readonly leads: string;
  readonly leadsWith: (headline: string, value: string) => string;
  /** `delivery p50, 0.400 ms` */
  readonly alone: (headline: string, value: string) => string;
}

const BY_P50: RankedBy = {
  valueNs: (view) => view.quantileNs(view.result.headline, 0.5),
  leads: 'has the lowest p50',
  leadsWith: (headline, value) => `has the lowest ${headline} p50, ${value}`,
  alone: (headline, value) => `${headline} p50, ${value}`,
};

/** A run whose clients were cut is about how they came back: its latency is that of the others. */
const BY_LAST_BACK: RankedBy = {
  valueNs: ({ result }) => FIGURES.time_to_last_back.value(result),
  leads: 'has its last client back first',
  leadsWith: (_headline, value) => `has its last client back first, after ${value}`,
  alone: (_headline, value) => `last client back after ${value}`,
};

function measureOf(views: readonly ResultView[]): RankedBy {
  const isRecovering = ({ result: { disruptions, plan } }: ResultView) =>
    disruptions.some((outcome) => outcome.disruption !== null && !isChurn(outcome, plan));
  return views.length > 0 && views.every(isRecovering) ? BY_LAST_BACK : BY_P50;
}

/** One run among those of its scenario. `rank` and `ratio` are null where it has no value, or is invalid. */
interface RankedRun {
  readonly view: ResultView;
  readonly label: string;
  readonly colour: number;
  readonly valueNs: number | null;
  readonly rank: number | null;
  /** Its value over the lowest one. */
  readonly ratio: number | null;
}

const isInvalid = ({ view }: RankedRun) => view.result.invalid.length > 0;

/**
 * The runs of one scenario: the lowest median of the headline series first, or the shortest time until the last client was
 * back where clients were cut; those without a rank last.
 */
export function rankRuns({ views, labels, colours }: RankedScenario): RankedRun[] {
  const measure = measureOf(views);
  const valued = views.map((view, index) => {
    const valueNs = view.result.invalid.length > 0 ? null : measure.valueNs(view);
    return { view, label: plain(labels[index] ?? ''), colour: colours[index] ?? 0, valueNs };
  });
  const [order, last] = [
    valued.filter(({ valueNs }) => valueNs !== null),
    valued.filter(({ valueNs }) => valueNs === null),
  ];
  order.sort((a, b) => (a.valueNs ?? 0) - (b.valueNs ?? 0));
  const lowest = order[0]?.valueNs ?? 0;
  return [
    ...order.map((run, index) => {
      return { ...run, rank: index + 1, ratio: lowest > 0 ? (run.valueNs ?? 0) / lowest : null };
    }),
    ...last.map((run) => ({ ...run, rank: null, ratio: null })),
  ];
}

/** How many times as much: `1.36x`, `12x`. */
function ratioTimes(ratio: number): string {
  return `${ratio >= 10 ? formatNumber(Math.round(ratio)) : ratio.toFixed(2)}x`;
}

/**
 * The finding of one scenario:
 * `ws has the lowest delivery p50, 0.400 ms; socketio websocket takes 3.00x and socketio polling 8.50x as long`.
 */
function findingText(ranked: readonly RankedRun[]): string {
  const measure = measureOf(ranked.map(({ view }) => view));
  const [first, ...others] = ranked.filter(({ rank }) => rank !== null);
  const invalid = ranked.filter(isInvalid).length;
  const rest = `${missedMessages(measure, ranked)}${invalid === 0 ? '' : `; ${plural(invalid, 'run')} INVALID`}`;
  if (first === undefined) return `no ranking${rest || ': too few samples for a median'}`;
  const [headline, value] = [plain(first.view.result.headline), formatValue('duration', first.valueNs ?? 0)];
  const [second, ...more] = others.map(({ label, ratio }) => [label, ratioTimes(ratio ?? 1)] as const);
  if (second === undefined) return `only ${first.label} has a rank: ${measure.alone(headline, value)}${rest}`;
  const ratios = list([
    `${second[0]} takes ${second[1]}`,
    ...more.map(([label, times]) => `${label} ${times}`),
  ]);
  return `${first.label} ${measure.leadsWith(headline, value)}; ${ratios} as long${rest}`;
}

/** `; missed messages: ws 328, socketio websocket 0`; nothing where no client was cut. */
function missedMessages(measure: RankedBy, ranked: readonly RankedRun[]): string {
  if (measure !== BY_LAST_BACK) return '';
  const byLabel = Map.groupBy(ranked, ({ label }) => label);
  const texts = [...byLabel].map(([label, runs]) => {
    const missed = runs.reduce((sum, { view }) => sum + view.result.ledger.missed, 0);
    return `${label} ${formatCount(missed)}`;
  });
  return `; missed messages: ${list(texts)}`;
}

/** The finding over all scenarios: `ws has the lowest p50 in 3 of 3 scenarios`. */
export function overallFinding(scenarios: readonly RankedScenario[]): string {
  const [only] = scenarios;
  if (only !== undefined && scenarios.length === 1) return findingText(rankRuns(only));
  // A run without a rival that is valid has won nothing.
  const compared = scenarios.map(rankRuns).filter((ranked) => ranked.some(({ rank }) => rank === 2));
  if (compared.length === 0) return 'no ranking: no scenario has two valid runs with a median';
  const measureOfRanked = (ranked: readonly RankedRun[]) => measureOf(ranked.map(({ view }) => view));
  const left = scenarios.length - compared.length;
  return [
    ...[...Map.groupBy(compared, measureOfRanked)].map(([measure, ranked]) =>
      winnersText(measure, ranked, scenarios.length),
    ),
    ...(left === 0 ? [] : [`${plural(left, 'scenario')} without two valid runs`]),
  ].join('; ');
}

/** `ws has the lowest p50 in 2 of 3 scenarios and socketio websocket in 1` */
function winnersText(
  measure: RankedBy,
  compared: ReadonlyArray<readonly RankedRun[]>,
  scenarios: number,
): string {
  const winners = compared.flatMap((ranked) => ranked.filter(({ rank }) => rank === 1));
  const counts = [...Map.groupBy(winners, ({ label }) => label)].sort(([, a], [, b]) => b.length - a.length);
  const texts = counts.map(([label, { length }], index) => {
    const of = index === 0 ? ` of ${plural(scenarios, 'scenario')}` : '';
    return `${label} ${index === 0 ? `${measure.leads} in ` : 'in '}${length}${of}`;
  });
  return `${list(texts)}${missedMessages(measure, compared.flat())}`;
}

/** Columns of the summary in which the label of the page stands for the target. */
const RANKING_COLUMNS: ReadonlyArray<Column<RankedRun>> = [
  column('target', 'target', 'text', 'server and transport', ({ label }) => label),
  column(
    'rank',
    'rank',
    'count',
    'by the p50 of the headline series, or by the time until the last client was back; the lowest first',
    ({ rank }) => rank,
  ),
  column('ratio', 'vs first', 'text', 'that value over the lowest one', ({ ratio }) =>
    ratio === null ? null : ratioTimes(ratio),
  ),
  ...[...BACK_COLUMNS, ...SUMMARY_COLUMNS.slice(1)].map(
    ({ value, shortage, interval, isSilent, ...more }): Column<RankedRun> => ({
      ...more,
      value: ({ view }) => value(view),
      shortage: ({ view }) => shortage(view),
      interval: interval === null ? null : ({ view }) => interval(view),
      isSilent: ({ view }) => isSilent?.(view) === true,
    }),
  ),
];

/** One table of all scenarios with the finding of each, its runs ranked; nothing for one run of each scenario. */
export function rankingBlocks(scenarios: readonly RankedScenario[]): Block[] {
  if (scenarios.every(({ views }) => views.length < 2)) return [];
  const groups = scenarios.map((scenario) => ({ ...scenario, ranked: rankRuns(scenario) }));
  const { headings, rows } = tabulate(
    RANKING_COLUMNS,
    groups.flatMap(({ ranked }) => ranked),
  );
  const remaining = rows.values();
  const drawn = groups.flatMap(({ scenario, ranked }) => [
    { row: [`${plain(scenario)}: ${findingText(ranked)}`], colour: null, isInvalid: false },
    ...ranked.map((run) => {
      return { row: remaining.next().value ?? [], colour: run.colour, isInvalid: isInvalid(run) };
    }),
  ]);
  const notes = shortageNotes(
    RANKING_COLUMNS,
    groups.flatMap(({ ranked }) => ranked),
  );
  return [
    { kind: 'heading', text: 'Ranking' },
    {
      kind: 'table',
      title: 'Runs by scenario',
      table: { headings, rows: drawn.map(({ row }) => row) },
      notes,
      colours: drawn.map(({ colour }) => colour),
      invalid: drawn.map((each) => each.isInvalid),
    },
  ];
}
