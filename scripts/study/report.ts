import { clopperPearson } from '../../src/stats/proportion.ts';
import { formatDurationMs, formatNs, formatNumber, formatPercent } from '../../src/units.ts';
import { CELLS, type Cell, isOf } from './cells.ts';
import type { GateRecord } from './gates.ts';
import { resampleGates } from './resample.ts';

export interface StudyFacts {
  readonly meanUs: number;
  readonly load: readonly string[];
  readonly machine: string;
}

const CONFIDENCE = 0.95;
const RESAMPLED = 1000;

const rowOf = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function tableOf(headings: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [rowOf(headings), rowOf(headings.map(() => '---')), ...rows.map(rowOf)].join('\n');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const [low, high] = [sorted[half - (sorted.length % 2 === 0 ? 1 : 0)], sorted[half]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Root of the mean square: equal builds have ratios around 1. */
function spread(logs: readonly number[]): number {
  return Math.sqrt(logs.reduce((sum, log) => sum + log * log, 0) / logs.length);
}

function cellName({ shape, percent }: Cell): string {
  return shape === 'none' ? 'identical builds' : `${shape} +${percent} %`;
}

function countOf(gates: readonly GateRecord[], verdict: string): number {
  return gates.filter((gate) => gate.verdict === verdict).length;
}

/** `3/40: 7.5 % (1.6 to 20 %)` */
function shareText(count: number, all: number): string {
  const { lower, upper } = clopperPearson(count, all, CONFIDENCE);
  return `${count}/${all} (${formatPercent(lower)} to ${formatPercent(upper)})`;
}

function outcomeTable(gates: readonly GateRecord[]): string {
  const rows = CELLS.map((cell) => ({ cell, ran: gates.filter(isOf(cell)) }))
    .filter(({ ran }) => ran.length > 0)
    .map(({ cell, ran }) => [
      cellName(cell),
      shareText(countOf(ran, 'REGRESSED'), ran.length),
      ...['OK', 'IMPROVED', 'INCONCLUSIVE', 'INVALID'].map((verdict) => String(countOf(ran, verdict))),
      formatNumber(median(ran.map(({ rounds }) => rounds))),
      formatDurationMs(median(ran.map(({ durationMs }) => durationMs))),
    ]);
  const headings = ['head', 'REGRESSED', 'OK', 'IMPROVED', 'INCONCLUSIVE', 'INVALID', 'rounds', 'time'];
  return tableOf(headings, rows);
}

function resampledTable(gates: readonly GateRecord[]): string {
  const rows = CELLS.flatMap((cell) => {
    const ran = gates.filter(isOf(cell)).filter(({ verdict }) => verdict !== 'INVALID');
    if (ran.length === 0) return [];
    const verdicts = resampleGates(ran, RESAMPLED);
    const share = (verdict: string) => formatPercent((verdicts.get(verdict) ?? 0) / RESAMPLED);
    return [[cellName(cell), ...['REGRESSED', 'OK', 'IMPROVED', 'INCONCLUSIVE'].map(share)]];
  });
  return tableOf(['head', 'REGRESSED', 'OK', 'IMPROVED', 'INCONCLUSIVE'], rows);
}

/** How far apart the rounds of identical builds are, and what that lets a gate see. */
function spreadTable(gates: readonly GateRecord[]): string {
  const same = gates.filter(({ shape, verdict }) => shape === 'none' && verdict !== 'INVALID');
  const rules = (same[0]?.metrics ?? []).filter(({ kind }) => kind === 'ratio');
  const rows = rules.flatMap(({ metric, gating, delta }) => {
    const outcomes = same.flatMap(({ metrics }) => metrics.filter((each) => each.metric === metric));
    const points = outcomes.flatMap((outcome) =>
      outcome.points.filter(({ base, head }) => base > 0 && head > 0),
    );
    if (points.length === 0) return [];
    const detectable = outcomes.map((outcome) => outcome.detectable).filter((ratio) => ratio !== null);
    return [
      [
        metric,
        gating ? 'yes' : 'no',
        formatPercent(delta),
        formatPercent(spread(points.map(({ base, head }) => Math.log(head / base)))),
        detectable.length === 0 ? '-' : `+${formatPercent(median(detectable) - 1)}`,
        `${outcomes.filter(({ verdict }) => verdict === 'REGRESSED').length}/${outcomes.length}`,
      ],
    ];
  });
  return tableOf(
    ['metric', 'decides', 'tolerated', 'spread of one pair', 'seen in 9 of 10 gates', 'called REGRESSED'],
    rows,
  );
}

/** Which metrics found what was there. */
function foundTable(gates: readonly GateRecord[]): string {
  const metrics = (gates[0]?.metrics ?? [])
    .filter(({ kind }) => kind === 'ratio')
    .map(({ metric }) => metric);
  const rows = CELLS.filter(({ shape }) => shape !== 'none').flatMap((cell) => {
    const ran = gates.filter(isOf(cell)).filter(({ verdict }) => verdict !== 'INVALID');
    if (ran.length === 0) return [];
    return [
      [
        cellName(cell),
        ...metrics.map((name) => {
          const outcomes = ran.flatMap((gate) => gate.metrics.filter(({ metric }) => metric === name));
          const found = outcomes.filter(({ verdict }) => verdict === 'REGRESSED').length;
          const ratios = outcomes.map(({ ratio }) => ratio).filter((ratio) => ratio !== null);
          return `${found}/${outcomes.length}${ratios.length === 0 ? '' : `, ${formatNumber(median(ratios))}x`}`;
        }),
      ],
    ];
  });
  return tableOf(['head', ...metrics], rows);
}

/** The whole of docs/gate-study.md. */
export function studyReport(gates: readonly GateRecord[], { meanUs, load, machine }: StudyFacts): string {
  const days = gates.map(({ startedAt }) => startedAt.slice(0, 10)).toSorted();
  const hours = gates.reduce((sum, { durationMs }) => sum + durationMs, 0) / 3600e3;
  return `# The gate, judged

How often \`sockbench gate\` is wrong, measured with whole gates through the command line. Made by
\`npm run study-gate\`, which goes on where it was; nothing here is written by hand.

- ${gates.length} gates in ${formatNumber(hours)} hours, ${days[0] ?? '-'} to ${days.at(-1) ?? '-'}, on ${machine}; the points of every round are in
  [gates.jsonl](gate-study/gates.jsonl)
- load of a round: \`broadcast-latency ${load.join(' ')}\`, on a raw WebSocket server; runs
  half as long as the default, so that more gates fit
- mean delivery of the base: ${formatNs(meanUs * 1000)}. A slow-down of 20 % adds a fifth of that to the mean of the head, in one
  of three shapes: *message*: the server is busy for so long before each message; *tail*: one message in a hundred is
  held back for a hundred times as long; *recipient*: the server is busy before each recipient, so that the last one
  waits twice as long as the mean

## What the gates said

REGRESSED with its Clopper-Pearson bounds at 95 %; rounds and time are medians.

${outcomeTable(gates)}

## What each metric saw

Gates in which the metric by itself was called REGRESSED, and the median of its ratios. The first three decide; the
others are told.

${foundTable(gates)}

## How noisy identical builds are

\`spread of one pair\` is the root mean square of ln(head / base) over all valid pairs.

${spreadTable(gates)}

## More gates than were run

${RESAMPLED} gates of each kind from pairs drawn anew out of those above. An extrapolation: it cannot show what those pairs have
not seen.

${resampledTable(gates)}
`;
}
