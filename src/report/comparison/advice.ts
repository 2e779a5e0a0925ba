import type { Comparison } from '../../result/comparison.ts';
import type { Finding } from '../../result/schema.ts';
import { formatDurationMs } from '../../units.ts';
import { plain } from '../plain.ts';

const MORE_WORKERS =
  'the generator was the limit: give it more processes on CPUs of their own (--workers), or drive less (--rate, --clients)';
const LAST_LINES =
  "a server did not hold out: look at its last lines, and run it alone with 'sockbench run' until that is valid";
const REACHABLE = "a server was not there: start each arm alone with 'sockbench run' until that is valid";
const GENERATOR_ENDED = 'a generator process ended: drive less (--clients, --rate), or free memory';
const OTHER_BASE = 'measure the base beside the head instead: --base-exec CMD or --base-ref REF';

/** What to do about a reason to disbelieve a run; its code in lower case with `_`. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['generator_busy', MORE_WORKERS],
  ['rate_not_held', MORE_WORKERS],
  ['send_lag', MORE_WORKERS],
  ['receive_uncertainty', MORE_WORKERS],
  [
    'cpu_throttled',
    "the control group's CPU limit stopped runs: raise it, or drive less (--rate, --clients) so that it is not met",
  ],
  ['cpu_steal', 'other machines on this host took CPU time: use a machine of its own, or another hour'],
  [
    'clients_lost',
    "clients did not connect or were dropped: look at the server's limits, or take fewer (--clients) and slower (--connect-rate)",
  ],
  ['sender_lost', LAST_LINES],
  ['too_few_samples', 'too few messages came through: measure longer (--duration) or drive more (--rate)'],
  ['clock', 'the clock of this machine is not steady: use another'],
  ['server_died', LAST_LINES],
  ['server_start', REACHABLE],
  ['exec_failed', REACHABLE],
  ['port_in_use', REACHABLE],
  ['target_in_use', REACHABLE],
  ['target_unreachable', REACHABLE],
  ['server_unavailable', REACHABLE],
  ['join_unanswered', REACHABLE],
  ['worker_died', GENERATOR_ENDED],
  ['worker_hung', GENERATOR_ENDED],
  ['interrupted', 'let it end'],
  ['environment_changed', OTHER_BASE],
]);

const remedyFor = ({ code }: Finding) => REMEDIES.get(code.toLowerCase().replaceAll('-', '_'));

/** Remedies for what spoilt the pairs of those heads of which nothing can be said, the commonest first. */
function remedies({ judgement }: Comparison): string[] {
  const findings = judgement.heads
    .filter(({ verdict }) => verdict === 'INVALID')
    .flatMap(({ invalid, spoilt }) => [...invalid, ...spoilt.flatMap(({ reasons }) => reasons)]);
  if (findings.length === 0) return [];
  const known = findings.map(remedyFor).filter((remedy) => remedy !== undefined);
  const byRemedy = [...Map.groupBy(known, (remedy) => remedy)].sort(([, a], [, b]) => b.length - a.length);
  const told = byRemedy.map(([remedy]) => remedy);
  return told.length === 0 ? ['mend what spoilt the rounds, then compare again'] : told;
}

/** What would have let a metric be told. */
function sharperMeans({ design }: Comparison): string {
  const rounds = design.looks.at(-1)?.rounds ?? 1;
  const durationMs = Math.max(...design.arms.map(({ plan }) => plan.durationMs));
  return `more rounds (--rounds ${2 * rounds}), longer ones (--duration ${formatDurationMs(2 * durationMs)}), a quieter machine`;
}

/** Of a head that got worse. */
function mend({ judgement }: Comparison): string {
  const worse = judgement.heads
    .flatMap(({ metrics }) => metrics)
    .filter(({ verdict, gating, kind }) => verdict === 'REGRESSED' && gating && kind === 'ratio');
  const flags = [...new Set(worse.map(({ metric }) => `--metric ${plain(metric)}:GROWTH`))].join(' ');
  return `mend the head${flags === '' ? '' : `, or tolerate more where it is meant: ${flags}`}`;
}

/** What to do next, one sentence each; empty when there is nothing to do. */
export function adviceFor(comparison: Comparison): string[] {
  const { design, judgement, status } = comparison;
  const verdicts = judgement.heads.map(({ verdict }) => verdict);
  const advice = remedies(comparison);
  if (verdicts.includes('REGRESSED') && design.command === 'gate') advice.push(mend(comparison));
  if (verdicts.includes('INCONCLUSIVE')) advice.push(`to be able to tell: ${sharperMeans(comparison)}`);
  if (status === 'partial' && !advice.includes('let it end')) advice.push('it was cut short: let it end');
  return advice;
}
