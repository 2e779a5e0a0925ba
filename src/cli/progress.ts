import { foreign } from '../foreign.ts';
import type { Design, Round } from '../result/comparison.ts';
import { formatMetric } from '../result/metrics.ts';
import type { RunPhase } from '../run/control.ts';
import type { RoundProgress } from '../run/rounds.ts';
import type { Progress } from '../run/run.ts';
import { pairUp, pointsOf } from '../stats/pairs.ts';
import { formatCount, formatDurationMs, formatNs, formatNumber, formatPercent } from '../units.ts';
import type { Cli } from './cli.ts';

const TITLES: Readonly<Record<RunPhase, string>> = {
  start: 'starting server and workers',
  connect: 'connecting',
  rendezvous: 'waiting for the other shards',
  'warm-up': 'warming up',
  measure: 'measuring',
  drain: 'draining',
  collect: 'collecting',
};

/** Clears the line of a terminal, and returns to its start. */
const CLEAR = '\r\u001b[2K';

/** Shows a long time: `95s`, `4 minutes`. */
export function timeText(durationMs: number): string {
  return durationMs < 120_000
    ? `${Math.ceil(durationMs / 1000)}s`
    : `${Math.ceil(durationMs / 60_000)} minutes`;
}

/** Returns the command line for progress: the same one, or a silent one with --quiet. */
export function progressCli(cli: Cli, quiet: boolean): Cli {
  return quiet ? { ...cli, isTty: false, err() {}, control() {} } : cli;
}

/** Rewrites the line of a terminal. */
function rewriteLine(cli: Cli, label: string, progress: Progress): void {
  const detail = phaseDetail(progress);
  const line = `${label}: ${TITLES[progress.phase]}${detail === '' ? '' : `: ${detail}`}`;
  cli.control(`${CLEAR}${foreign(line).slice(0, cli.width - 1)}`);
}

function phaseDetail(progress: Progress): string {
  const { phase, plan, elapsedMs, clients, connected, counts, missing, p50Ns, p99Ns } = progress;
  switch (phase) {
    case 'connect':
      return `${formatCount(connected)}/${formatCount(clients)} clients`;
    case 'warm-up':
      return `${Math.round(elapsedMs / 1000)}s, at most ${formatDurationMs(plan.warmupMaxMs)}`;
    case 'measure': {
      const leftMs = Math.max(0, Math.ceil((plan.durationMs - elapsedMs) / 1000) * 1000);
      const rate =
        counts.intended === 0 ? '' : `, rate ${formatPercent(counts.sent / counts.intended)} of intended`;
      const latency =
        p50Ns === null || p99Ns === null || Number.isNaN(p50Ns)
          ? ''
          : `, p50 ${formatNs(p50Ns)}, p99 ${formatNs(p99Ns)}`;
      return `${formatDurationMs(leftMs)} left${rate}${latency}, ${formatCount(missing)} missing`;
    }
    case 'drain':
      return `at most ${formatDurationMs(plan.drainMs)}, ${formatCount(Math.max(0, counts.expected - counts.delivered))} in flight`;
    default:
      return '';
  }
}

/** Describes the start of a phase, when there are no figures yet. */
function phaseLine({ phase, plan, clients }: Progress): string {
  switch (phase) {
    case 'connect':
      return `connecting ${formatCount(clients)} clients, ${formatNumber((plan.connectRateHz * clients) / plan.clients)}/s`;
    case 'warm-up':
      return `warming up for ${formatDurationMs(plan.warmupMs)} to ${formatDurationMs(plan.warmupMaxMs)}`;
    case 'measure':
      return `measuring for ${formatDurationMs(plan.durationMs)}`;
    case 'drain':
      return `draining for at most ${formatDurationMs(plan.drainMs)}`;
    default:
      return TITLES[phase];
  }
}

/** Shows the progress of a run on `err`: a rewritten line on a terminal, else one line at the start of each phase. */
export function showProgress(cli: Cli, label: string): { update(progress: Progress): void; done(): void } {
  let shown: RunPhase | null = null;
  return {
    update(progress) {
      if (cli.isTty) {
        rewriteLine(cli, label, progress);
      } else if (progress.phase !== shown) {
        cli.err(`${label}: ${phaseLine(progress)}\n`);
      }
      shown = progress.phase;
    },
    done() {
      if (cli.isTty) cli.control(CLEAR);
    },
  };
}

/** Shows the progress of a comparison: a rewritten line on a terminal, and one line for each complete round. */
export function showRounds(cli: Cli, design: Design) {
  const done = () => {
    if (cli.isTty) cli.control(CLEAR);
  };
  return {
    update({ round, rounds, arm }: RoundProgress, run: Progress): void {
      if (cli.isTty) rewriteLine(cli, `round ${round} of ${rounds}, ${design.arms[arm]?.name ?? ''}`, run);
    },
    roundDone(rounds: readonly Round[]): void {
      done();
      const total = design.looks.at(-1)?.rounds;
      cli.err(`round ${rounds.length} of at most ${total}: ${lastRoundText(design, rounds)}\n`);
    },
    done,
  };
}

/** The first metric of every arm in the last round, or why the round is excluded. */
function lastRoundText(design: Design, rounds: readonly Round[]): string {
  const {
    arms,
    rules: [rule],
  } = design;
  if (rule === undefined) return '';
  const figures = arms.slice(1).flatMap((_, index) => {
    const { pairs, excluded } = pairUp(rounds.slice(-1), index + 1);
    const [point] = pointsOf(design, rule, pairs);
    if (point === undefined) {
      return excluded.flatMap(({ reasons }) =>
        reasons.map((each) => `excluded, ${arms[each.arm]?.name}: ${each.message}`),
      );
    }
    const base =
      index === 0 ? `${rule.metric} ${arms[0]?.name} ${formatMetric(rule.unit, point.base)}, ` : '';
    return `${base}${arms[index + 1]?.name} ${formatMetric(rule.unit, point.head)}`;
  });
  return figures.join(', ');
}
