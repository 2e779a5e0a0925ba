import { sumOfReasons } from '../../result/aggregate.ts';
import { remediesOf } from '../../result/remedies.ts';
import type { RunResult } from '../../result/run-result.ts';
import { isHeld, ofPopulation, type ResultView, viewResult } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { EMPTY_ENDING, type Ending, type Mark } from '../ending.ts';
import { floorText } from './floor.ts';
import { growthFacts } from './growth.ts';
import { memberFacts } from './members.ts';
import {
  maxColumn,
  QUANTILES,
  type QuantileName,
  quantileColumn,
  type SeriesOf,
  sameSeries,
} from './quantile-columns.ts';
import { recoveryFacts } from './recovery.ts';
import { rollingFacts } from './rolling.ts';
import { isPartial, runSeverity, targetLabel } from './run-verdict.ts';
import { endingLoadText, severalEnding } from './several-ending.ts';
import { column, formatValue, shortageNotes, tabulate } from './table.ts';

/** What the latency tables at the end of a run call a series. */
function latencyName({ series }: SeriesOf): string {
  return series === 'fanout_last' ? 'slowest receiver' : series;
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

/** The series of a run that its end shows: the headline, also by population, and the last receiver of each broadcast. */
function seriesAtEnd(view: ResultView): SeriesOf[] {
  const { headline, plan } = view.result;
  const ofPopulations = plan.populations.map(({ name }) => ofPopulation(headline, name));
  const names = [...new Set([headline, ...ofPopulations, 'fanout_last'])];
  return names
    .filter((series) => view.result.series[series] !== undefined)
    .map((series) => ({ view, series }));
}

/** `-: p95 needs 73 broadcasts, p99 needs 368; this run has 50` in one line; nothing when none is left out. */
function shortNotes(rows: readonly SeriesOf[]): string[] {
  const notes = [...new Set(shortageNotes(LATENCY_COLUMNS, rows))].map((note) =>
    note.replace('runs with a dash have', 'this run has').replace('of runs with a dash', 'of this run'),
  );
  const correlated = notes.filter((note) => note.includes(' correlated'));
  const [first, ...more] = notes.filter((note) => !correlated.includes(note));
  const [need = '', had = ''] = first?.split('; ') ?? [];
  const others = more.map((note) => note.split('; ')[0]?.split(' ').slice(0, 3).join(' ') ?? '');
  const few = first === undefined ? [] : [`${[need, ...others].join(', ')}; ${had}`];
  return [...few, ...correlated].map((note) => `-: ${note}`);
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
      ...[
        ...memberFacts(result),
        ...recoveryFacts(result),
        ...rollingFacts(result),
        ...growthFacts(result),
        ...messageFacts(result),
      ],
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

/** The end of a command that measured or rendered one run or several. */
export function runEnding(results: readonly RunResult[]): Ending {
  const [only] = results;
  return only !== undefined && results.length === 1 ? oneEnding(only) : severalEnding(results);
}
