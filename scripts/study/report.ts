import { QUICK_ROUNDS } from '../../src/cli/commands/gate.ts';
import { median } from '../../src/result/order-statistics.ts';
import { CONFIDENCE } from '../../src/stats/capacity-step.ts';
import { clopperPearson } from '../../src/stats/distributions.ts';
import { formatDurationMs, formatNs, formatNumber, formatPercent } from '../../src/units.ts';
import { markdownTable } from '../markdown.ts';
import { CELLS, cellName, type GateRecord, isOf, type StudyCell } from './gates.ts';
import { quickGate, rejudged, resampleGates } from './resample.ts';

export interface StudyFacts {
  readonly meanUs: number;
  readonly load: readonly string[];
  readonly machine: string;
}

const RESAMPLED = 1000;

/** Root of the mean square: equal builds have ratios around 1. */
function spread(logs: readonly number[]): number {
  return Math.sqrt(logs.reduce((sum, log) => sum + log * log, 0) / logs.length);
}

function gatesWith(gates: readonly GateRecord[], verdict: string): number {
  return gates.filter((gate) => gate.verdict === verdict).length;
}

/** `3/40: 7.5 % (1.6 to 20 %)` */
function shareText(count: number, all: number): string {
  if (all === 0) return '-';
  const { lower, upper } = clopperPearson(count, all, CONFIDENCE);
  return `${count}/${all} (${formatPercent(lower)} to ${formatPercent(upper)})`;
}

/** What a neighbour that takes CPU time changes. */
function neighbourTable(gates: readonly GateRecord[]): string {
  const kinds = [
    ['identical builds', gates.filter(({ shape }) => shape === 'none')],
    ['slower heads', gates.filter(({ shape }) => shape !== 'none')],
  ] as const;
  const rows = kinds.flatMap(([kind, all]) =>
    [false, true].flatMap((neighbour) => {
      const ran = all.filter((gate) => gate.neighbour === neighbour);
      if (ran.length === 0) return [];
      const counts = ['INCONCLUSIVE', 'INVALID'].map((verdict) =>
        shareText(gatesWith(ran, verdict), ran.length),
      );
      const excluded = ran.reduce((sum, gate) => sum + gate.excluded, 0);
      const rounds = ran.reduce((sum, gate) => sum + gate.rounds, 0);
      return [
        [
          kind,
          neighbour ? 'a third of one CPU' : 'none',
          shareText(gatesWith(ran, 'REGRESSED'), ran.length),
          ...counts,
          `${excluded} of ${rounds}`,
        ],
      ];
    }),
  );
  return markdownTable(
    ['head', 'neighbour', 'REGRESSED', 'INCONCLUSIVE', 'INVALID', 'rounds left out'],
    rows,
  );
}

/** The share of gates called REGRESSED among gates resampled from these. */
function resampledText(ran: readonly GateRecord[]): string {
  const valid = ran.filter(({ verdict }) => verdict !== 'INVALID');
  if (valid.length === 0) return '-';
  return formatPercent((resampleGates(valid, RESAMPLED).get('REGRESSED') ?? 0) / RESAMPLED);
}

const VERDICT_HEADINGS = ['head', 'REGRESSED', 'OK', 'IMPROVED', 'INCONCLUSIVE', 'INVALID'];

/** The cells of those headings. */
function verdictCells(cell: StudyCell, verdicts: readonly string[]): string[] {
  const count = (verdict: string) => verdicts.filter((each) => each === verdict).length;
  return [
    cellName(cell),
    shareText(count('REGRESSED'), verdicts.length),
    ...VERDICT_HEADINGS.slice(2).map((verdict) => String(count(verdict))),
  ];
}

function outcomeTable(gates: readonly GateRecord[]): string {
  const rows = CELLS.map((cell) => ({ cell, ran: gates.filter(isOf(cell)) }))
    .filter(({ ran }) => ran.length > 0)
    .map(({ cell, ran }) => [
      ...verdictCells(
        cell,
        ran.map(({ verdict }) => verdict),
      ),
      formatNumber(median(ran.map(({ rounds }) => rounds))),
      formatDurationMs(median(ran.map(({ durationMs }) => durationMs))),
      resampledText(ran),
    ]);
  return markdownTable([...VERDICT_HEADINGS, 'rounds', 'time', 'resampled'], rows);
}

/** What --quick would have said, of the first rounds of the same gates. */
function quickTable(gates: readonly GateRecord[]): string {
  const rows = CELLS.map((cell) => ({
    cell,
    verdicts: gates.filter(isOf(cell)).map((gate) => quickGate(gate).verdict),
  }))
    .filter(({ verdicts }) => verdicts.length > 0)
    .map(({ cell, verdicts }) => verdictCells(cell, verdicts));
  return markdownTable(VERDICT_HEADINGS, rows);
}

/** A machine is quiet where the median latency spreads by less than this between the runs of the base. */
const QUIET_SPREAD = 0.1;

/** How many gates of identical builds are undecided, by how much the runs of their base differ. */
function quietTable(gates: readonly GateRecord[]): string {
  const same = gates.filter(({ shape, verdict }) => shape === 'none' && verdict !== 'INVALID');
  const isQuiet = ({ metrics }: GateRecord) => {
    const bases = (metrics[0]?.points ?? []).map(({ base }) => Math.log(base));
    const mean = bases.reduce((sum, log) => sum + log, 0) / bases.length;
    return spread(bases.map((log) => log - mean)) < QUIET_SPREAD;
  };
  const rows = [true, false].map((quiet) => {
    const ran = same.filter((gate) => isQuiet(gate) === quiet);
    const undecided = [ran.map(rejudged), ran.map(quickGate)].map((judged) =>
      shareText(gatesWith(judged, 'INCONCLUSIVE'), judged.length),
    );
    return [`${quiet ? 'under' : 'from'} ${formatPercent(QUIET_SPREAD)}`, ...undecided];
  });
  return markdownTable(['spread of the base', 'INCONCLUSIVE', 'INCONCLUSIVE with --quick'], rows);
}

/** The noise of identical builds, and the effect that a gate can detect with it. */
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
  return markdownTable(
    ['metric', 'gating', 'tolerated', 'spread', 'detectable in 9 of 10 gates', 'REGRESSED'],
    rows,
  );
}

/** Which gating metrics found the slow-down. */
function foundTable(gates: readonly GateRecord[]): string {
  const metrics = (gates[0]?.metrics ?? [])
    .filter(({ kind, gating }) => kind === 'ratio' && gating)
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
  return markdownTable(['head', ...metrics], rows);
}

/** Returns docs/gate-study.md. */
export function studyReport(run: readonly GateRecord[], { meanUs, load, machine }: StudyFacts): string {
  const gates = run.map(rejudged);
  const days = gates.map(({ startedAt }) => startedAt.slice(0, 10)).toSorted();
  const when = [...new Set([days[0] ?? '-', days.at(-1) ?? '-'])].join(' to ');
  const hours = run.reduce((sum, { durationMs }) => sum + durationMs, 0) / 3600e3;
  return `# Gate study

How often \`sockbench gate\` is wrong, measured with complete gates through the command line. \`npm run study-gate\` writes
this page and continues where it stopped.

- ${gates.length} gates in ${formatNumber(hours)} hours, ${when}, on ${machine}; every round is in
  \`docs/gate-study/gates.jsonl\` of the repository
- load: \`broadcast-latency ${load.join(' ')}\`, on a raw WebSocket server; all else as by default
- mean delivery of the base: ${formatNs(meanUs * 1000)}. A slow-down of 20 % adds a fifth of that to the mean of the head:
  *message* delays every message, *tail* delays one message in a hundred by a hundred times as much, *recipient* delays
  before each recipient

## Verdicts

Each gate is judged by the rules of today from its rounds. One that ended at the second look and is decided by the first
counts with those rounds, and their share of its time.

REGRESSED with Clopper-Pearson bounds at 95 %; rounds and time are medians. \`resampled\` is the share
of ${RESAMPLED} gates resampled from these pairs that were REGRESSED: an extrapolation. It leaves counts out, which found *tail*:
a message that is held back arrives after later ones (\`reordered\`).

${outcomeTable(gates)}

## With --quick

A gate with \`--quick\` is judged once, after ${QUICK_ROUNDS} rounds. These are its verdicts on the first ${QUICK_ROUNDS} rounds of the same gates.

${quickTable(run)}

## On a quiet machine

Identical builds that were not decided, by the standard deviation of ln of the median latency in the runs of the base. It
shows how much the speed of the machine changed from run to run.

${quietTable(run)}

## Beside a neighbour

Every third gate ran beside another program that used a third of one CPU.

${neighbourTable(gates)}

## Gating metrics

Gates in which the metric by itself was REGRESSED, and the median of its ratios.

${foundTable(gates)}

## Noise of identical builds

The spread is the root mean square of ln(head / base) over all valid pairs.

${spreadTable(gates)}
`;
}
