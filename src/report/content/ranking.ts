import type { ResultView } from '../../result/view.ts';
import { list, plural } from '../../text.ts';
import { formatNumber } from '../../units.ts';
import type { Block } from '../blocks.ts';
import { plain } from '../plain.ts';
import { SUMMARY_COLUMNS } from './columns.ts';
import { type Column, column, formatValue, shortageNotes, tabulate } from './table.ts';

/** Results of one scenario, with a label for each. */
export interface RankedScenario {
  readonly scenario: string;
  readonly views: readonly ResultView[];
  readonly labels: readonly string[];
  /** Colours of the page, from 0. */
  readonly colours: readonly number[];
}

/** One run among those of its scenario. `rank` and `ratio` are null where it has no median, or is invalid. */
interface RankedRun {
  readonly view: ResultView;
  readonly label: string;
  readonly colour: number;
  readonly p50Ns: number | null;
  readonly rank: number | null;
  /** Its median over the lowest one. */
  readonly ratio: number | null;
}

const isInvalid = ({ view }: RankedRun) => view.result.invalid.length > 0;

/** The runs of one scenario: the lowest median of the headline series first, those without a rank last. */
export function rankRuns({ views, labels, colours }: RankedScenario): RankedRun[] {
  const valued = views.map((view, index) => {
    const { invalid, headline } = view.result;
    const p50Ns = invalid.length > 0 ? null : view.quantileNs(headline, 0.5);
    return { view, label: plain(labels[index] ?? ''), colour: colours[index] ?? 0, p50Ns };
  });
  const [order, last] = [
    valued.filter(({ p50Ns }) => p50Ns !== null),
    valued.filter(({ p50Ns }) => p50Ns === null),
  ];
  order.sort((a, b) => (a.p50Ns ?? 0) - (b.p50Ns ?? 0));
  const lowest = order[0]?.p50Ns ?? 0;
  return [
    ...order.map((run, index) => {
      return { ...run, rank: index + 1, ratio: lowest > 0 ? (run.p50Ns ?? 0) / lowest : null };
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
  const [first, ...others] = ranked.filter(({ rank }) => rank !== null);
  const invalid = ranked.filter(isInvalid).length;
  const rest = invalid === 0 ? '' : `; ${plural(invalid, 'run')} INVALID`;
  if (first === undefined) return `no ranking${rest || ': too few samples for a median'}`;
  const lowest = `the lowest ${plain(first.view.result.headline)} p50, ${formatValue('duration', first.p50Ns ?? 0)}`;
  const [second, ...more] = others.map(({ label, ratio }) => [label, ratioTimes(ratio ?? 1)] as const);
  if (second === undefined)
    return `only ${first.label} has a rank: ${lowest.replace('the lowest ', '')}${rest}`;
  const ratios = list([
    `${second[0]} takes ${second[1]}`,
    ...more.map(([label, times]) => `${label} ${times}`),
  ]);
  return `${first.label} has ${lowest}; ${ratios} as long${rest}`;
}

/** The finding over all scenarios: `ws has the lowest p50 in 3 of 3 scenarios`. */
export function overallFinding(scenarios: readonly RankedScenario[]): string {
  const [only] = scenarios;
  if (only !== undefined && scenarios.length === 1) return findingText(rankRuns(only));
  // A run without a rival that is valid has won nothing.
  const compared = scenarios.map(rankRuns).filter((ranked) => ranked.some(({ rank }) => rank === 2));
  const winners = compared.flatMap((ranked) => ranked.filter(({ rank }) => rank === 1));
  const counts = [...Map.groupBy(winners, ({ label }) => label)].sort(([, a], [, b]) => b.length - a.length);
  if (counts.length === 0) return 'no ranking: no scenario has two valid runs with a median';
  const texts = counts.map(([label, { length }], index) => {
    const of = index === 0 ? ` of ${plural(scenarios.length, 'scenario')}` : '';
    return `${label} ${index === 0 ? 'has the lowest p50 in ' : 'in '}${length}${of}`;
  });
  const left = scenarios.length - compared.length;
  return `${list(texts)}${left === 0 ? '' : `; ${plural(left, 'scenario')} without two valid runs`}`;
}

/** Columns of the summary in which the label of the page stands for the target. */
const RANKING_COLUMNS: ReadonlyArray<Column<RankedRun>> = [
  column('target', 'target', 'text', 'server and transport', ({ label }) => label),
  column('rank', 'rank', 'count', 'by the p50 of the headline series, the lowest first', ({ rank }) => rank),
  column('ratio', 'p50 vs first', 'text', 'p50 over the lowest p50', ({ ratio }) =>
    ratio === null ? null : ratioTimes(ratio),
  ),
  ...SUMMARY_COLUMNS.slice(1).map(
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
