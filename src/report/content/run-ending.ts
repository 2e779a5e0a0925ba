import { sumOfReasons } from '../../result/aggregate.ts';
import { remediesOf } from '../../result/remedies.ts';
import type { RunResult } from '../../result/run-result.ts';
import { isHeld, type ResultView, viewResult } from '../../result/view.ts';
import { list, plural } from '../../text.ts';
import { formatCount, formatDurationMs } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { EMPTY_ENDING, type Ending, type Mark } from '../ending.ts';
import {
  maxColumn,
  QUANTILES,
  type QuantileName,
  quantileColumn,
  type SeriesOf,
  SUMMARY_COLUMNS,
  sameSeries,
} from './columns.ts';
import { floorText } from './floor.ts';
import { growthFacts } from './growth.ts';
import { overallFinding, type RankedScenario, rankRuns } from './ranking.ts';
import { recoveryFacts } from './recovery.ts';
import { profileText } from './run-facts.ts';
import {
  isPartial,
  numbered,
  overallVerdict,
  runSeverity,
  targetLabel,
  verdictNotes,
} from './run-verdict.ts';
import { column, formatValue, shortageNotes, type Table, tabulate } from './table.ts';

/** What the latency tables at the end of a run call a series. */
function latencyName({ view, series }: SeriesOf): string {
  return series === view.result.headline ? series : 'slowest receiver';
}

const LATENCY_COLUMNS = [
  column('latency', 'latency', 'text', 'what is timed', latencyName),
  ...(Object.keys(QUANTILES) as QuantileName[])
    .filter((name) => name !== 'p90')
    // p99.9 needs 10,000 samples, which few runs have: a column of dashes is left out.
    .map((name) =>
      quantileColumn<SeriesOf>(name, sameSeries, name === 'p99.9' ? { shortage: () => null } : {}),
    ),
  maxColumn(sameSeries),
];

/** The series of a run that its end shows: the headline, and the last receiver of each broadcast. */
function seriesAtEnd(view: ResultView): SeriesOf[] {
  const names = [...new Set([view.result.headline, 'fanout_last'])];
  return names
    .filter((series) => view.result.series[series] !== undefined)
    .map((series) => ({ view, series }));
}

/** `p95 needs 200 broadcasts and p99 1,000; this run has 150` in one line; nothing when none is left out. */
function shortNotes(rows: readonly SeriesOf[]): string[] {
  const [first, ...more] = [...new Set(shortageNotes(LATENCY_COLUMNS, rows))];
  if (first === undefined) return [];
  const [need = first, had = ''] = first.split('; ');
  const others = more.map((note) => note.split('; ')[0]?.split(' ').slice(0, 3).join(' ') ?? '');
  return [`-: ${[need, ...others].join(', ')}; ${had.replace('runs with a dash have', 'this run has')}`];
}

/** How many connections there were, in a run that is about them. */
function connectionFacts(result: RunResult): Fact[] {
  const { samples, rate, failed } = result;
  const total = formatCount(samples.count + samples.incomplete);
  if (isHeld(result)) {
    return [
      [
        'connections',
        `${formatCount(samples.count)} of ${total} held to the end, ${formatCount(samples.incomplete)} cut`,
      ],
    ];
  }
  const refused = failed.reduce((sum, { count }) => sum + count, 0);
  const offered = formatValue('rate', rate.intendedHz);
  return [
    [
      'connections',
      `${formatCount(samples.count)} of ${formatCount(rate.intended)} opened at ${offered}, ${formatCount(refused)} failed`,
    ],
  ];
}

/** What was sent and what became of it. */
function messageFacts(result: RunResult): Fact[] {
  const { samples, rate, ledger } = result;
  if (samples.unit === 'connection') return connectionFacts(result);
  const pushed = samples.unit === 'push';
  const sent = pushed
    ? `${plural(rate.sent, 'push')} at ${formatValue('rate', rate.achievedHz)}`
    : `${formatCount(rate.sent)} of ${formatCount(rate.intended)} sent at ${formatValue('rate', rate.achievedHz)}`;
  const counts: ReadonlyArray<readonly [number, string]> = [
    [ledger.lost, 'lost'],
    [ledger.late, 'late'],
    [ledger.duplicated, 'duplicates'],
    [ledger.reordered, 'out of order'],
    [ledger.unexpected, 'unexpected'],
    ...(
      [
        [sumOfReasons(result.rejected), 'rejected'],
        [ledger.missed, 'missed'],
        [ledger.dropped, 'dropped'],
        [ledger.corrupted, 'corrupted'],
        [ledger.unknown, 'unknown'],
      ] as const
    ).filter(([count]) => count > 0),
  ];
  return [
    [pushed ? 'pushes' : 'messages', sent],
    ['deliveries', `${formatCount(ledger.delivered)} of ${formatCount(ledger.expected)} delivered`],
    ['', counts.map(([count, word]) => `${formatCount(count)} ${word}`).join(', ')],
  ];
}

function endingLoadText(result: RunResult): string {
  const { plan, samples, shards } = result;
  const where = shards === null ? '' : `, ${plural(shards.length, 'shard')}`;
  const isListening = samples.unit === 'push' || isHeld(result);
  const isPaced = plan.profile.some(({ toHz }) => toHz > 0);
  const load = isListening ? ` for ${formatDurationMs(plan.durationMs)}` : `, ${profileText(plan.profile)}`;
  return `${plural(plan.clients, 'client')}${isListening || isPaced ? load : ''}${where}`;
}

const markOf = ({ passed, expression, detail }: RunResult['thresholds'][number]): Mark => ({
  passed,
  text: `${expression}: ${detail}`,
});

/** `; 1 of 3 thresholds FAILED, 1 not judged`; nothing when all passed. */
export function thresholdsClause(marks: readonly Pick<Mark, 'passed'>[]): string {
  const failed = marks.filter(({ passed }) => passed === false).length;
  const unjudged = marks.filter(({ passed }) => passed === null).length;
  const parts = [
    ...(failed > 0 ? [`${failed} FAILED`] : []),
    ...(unjudged > 0 ? [`${unjudged} not judged`] : []),
  ];
  return parts.length === 0 ? '' : `; ${parts.join(', ')} of ${plural(marks.length, 'threshold')}`;
}

/** The verdict of one run: `VALID with 2 caveats; 1 FAILED of 3 thresholds`, `PARTIAL, INVALID: why`. */
function conclusionOf(result: RunResult, caveats: number): string {
  const { invalid, findings, shard, thresholds } = result;
  const [only] = invalid;
  const isOverloaded = findings.some(({ code }) => code === 'server_overloaded');
  const with_ = caveats === 0 ? '' : ` with ${plural(caveats, 'caveat')}`;
  const valid = `VALID${isOverloaded ? ', SERVER OVERLOADED,' : ''}${with_}`;
  const broken =
    invalid.length === 1 ? `INVALID: ${only?.message ?? ''}` : `INVALID for ${invalid.length} reasons`;
  const belief = `${invalid.length === 0 ? valid : broken}${thresholdsClause(thresholds)}`;
  const whole = isPartial(result) ? `PARTIAL, ${belief}` : belief;
  if (shard === null) return whole;
  return `SHARD ${shard.index} OF ${shard.count}, ${whole}. Only a merge of all shards has the whole run`;
}

function oneEnding(result: RunResult): Ending {
  const view = viewResult(result);
  const rows = seriesAtEnd(view);
  const caveats = [...result.findings, ...result.notes].map(({ message }) => message);
  const floor = floorText(result);
  const missed = result.thresholds.some(({ passed }) => passed === false);
  return {
    ...EMPTY_ENDING,
    subject: `${result.plan.scenario} on ${targetLabel(result)}, ${endingLoadText(result)}`,
    table: rows.length === 0 ? null : tabulate(LATENCY_COLUMNS, rows),
    notes: shortNotes(rows),
    facts: [
      ...[...recoveryFacts(result), ...growthFacts(result), ...messageFacts(result)],
      ...(floor === null ? [] : [['floor', floor.replace(/^.*?: /, '')] as const]),
    ],
    caveats,
    reasons: result.invalid.length > 1 ? result.invalid.map(({ message }) => message) : [],
    thresholds: result.thresholds.map(markOf),
    advice: remediesOf([...result.invalid, ...result.findings]),
    severity: missed
      ? 'bad'
      : caveats.length > 0 && runSeverity([result]) === 'good'
        ? 'warning'
        : runSeverity([result]),
    conclusion: [conclusionOf(result, caveats.length)],
  };
}

/** The columns of the summary that the end of several runs shows, in the order of importance. */
const SHOWN_COLUMNS = [
  'target',
  'validity',
  'p50',
  'p99',
  'last_receiver_p50',
  'last_receiver_p99',
  'lost',
  'server_cpu_per_delivery',
];

const ENDING_COLUMNS = SHOWN_COLUMNS.flatMap((id) => SUMMARY_COLUMNS.filter((each) => each.id === id));

/** Results of each scenario, as the ranking of the page has them. */
function scenariosOf(results: readonly RunResult[]): RankedScenario[] {
  const groups = Map.groupBy(results.map(viewResult), ({ result }) => result.plan.scenario);
  return [...groups].map(([scenario, views]) => {
    const labels = numbered(views.map(({ result }) => targetLabel(result)));
    return { scenario, views, labels, colours: views.map(() => 0) };
  });
}

/** One row for each result, the lowest median first, below the name of its scenario where there are several. */
function tableOfSeveral(scenarios: readonly RankedScenario[]): Table {
  const ranked = scenarios.map((scenario) => rankRuns(scenario));
  const runs = ranked.flat();
  const { headings, rows } = tabulate(
    ENDING_COLUMNS,
    runs.map(({ view }) => view),
  );
  const named = rows.map(([, ...cells], run) => [runs[run]?.label ?? '', ...cells]);
  const grouped = ranked.flatMap((each, index) => {
    const title = scenarios.length === 1 ? [] : [[scenarios[index]?.scenario ?? '']];
    const before = ranked.slice(0, index).flat().length;
    return [...title, ...named.slice(before, before + each.length)];
  });
  return { headings, rows: grouped };
}

function severalEnding(results: readonly RunResult[]): Ending {
  const scenarios = scenariosOf(results);
  const loads = [...new Set(results.map(endingLoadText))];
  const findings = results.flatMap((result) => [...result.invalid, ...result.findings]);
  const remarks = verdictNotes(results);
  const isBad = (note: string) => /: (PARTIAL, )?INVALID|: FAILED/.test(note);
  const hasRivals = scenarios.some(({ views }) => views.length > 1);
  const what = list(scenarios.map(({ scenario }) => scenario));
  return {
    ...EMPTY_ENDING,
    subject: `${what}${loads.length === 1 ? `, ${loads.join('')}` : ''}, ${plural(results.length, 'run')}`,
    table: tableOfSeveral(scenarios),
    notes: hasRivals ? ['each ran once; sockbench compare tests a difference'] : [],
    caveats: remarks.filter((note) => !isBad(note)),
    reasons: remarks.filter(isBad),
    advice: remediesOf(findings),
    severity: runSeverity(results),
    conclusion: [...(hasRivals ? [overallFinding(scenarios)] : []), overallVerdict(results)],
  };
}

/** The end of a command that measured or rendered one run or several. */
export function runEnding(results: readonly RunResult[]): Ending {
  const [only] = results;
  return only !== undefined && results.length === 1 ? oneEnding(only) : severalEnding(results);
}
