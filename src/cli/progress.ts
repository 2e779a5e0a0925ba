import type { Phase } from '../run/control.ts';
import type { Progress } from '../run/run.ts';
import { formatCount, formatDurationMs, formatNs, formatNumber, formatPercent } from '../units.ts';
import type { Cli } from './cli.ts';

const TITLES: Readonly<Record<Phase, string>> = {
  start: 'starting server and workers',
  connect: 'connecting',
  'warm-up': 'warming up',
  measure: 'measuring',
  drain: 'draining',
  collect: 'collecting',
};

/** What to say about a phase besides its name. */
function detail({ phase, plan, elapsedMs, connected, counts, missing, p50Ns, p99Ns }: Progress): string {
  switch (phase) {
    case 'connect':
      return `${formatCount(connected)}/${formatCount(plan.clients)} clients`;
    case 'warm-up':
      return `${Math.round(elapsedMs / 1000)}s of at most ${formatDurationMs(plan.warmupMaxMs)}`;
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
      return `at most ${formatDurationMs(plan.drainMs)}, ${formatCount(Math.max(0, counts.expected - counts.delivered))} under way`;
    default:
      return '';
  }
}

/** What a run does now, on one line. */
export function lineOf(progress: Progress): string {
  const more = detail(progress);
  return `${TITLES[progress.phase]}${more === '' ? '' : `: ${more}`}`;
}

/** Shows progress on `err`: one line that is rewritten on a terminal, else one line at the start of each phase. */
export function showProgress(cli: Cli, label: string): { update(progress: Progress): void; done(): void } {
  let shown: Phase | null = null;
  return {
    update(progress) {
      if (cli.isTty) {
        cli.err(`\r\u001b[2K${`${label}: ${lineOf(progress)}`.slice(0, cli.width - 1)}`);
      } else if (progress.phase !== shown) {
        cli.err(`${label}: ${phaseStart(progress)}\n`);
      }
      shown = progress.phase;
    },
    done() {
      if (cli.isTty) cli.err('\r\u001b[2K');
    },
  };
}

/** Without a terminal a phase is told once, at its start, when it has no figures yet. */
function phaseStart({ phase, plan }: Progress): string {
  switch (phase) {
    case 'connect':
      return `connecting ${formatCount(plan.clients)} clients, ${formatNumber(plan.connectRateHz)}/s`;
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
