import type { Comparison } from '../../result/comparison.ts';
import type { Finding } from '../../result/run-result.ts';
import { formatDurationMs } from '../../units.ts';
import { plain } from '../plain.ts';
import { decidingOf } from './comparison-grade.ts';
import { listed } from './comparison-names.ts';

const MORE_WORKERS =
  'the generator was the limit: give it more processes on CPUs of their own (--workers), or drive less (--rate, --clients)';
const LAST_LINES =
  "a server did not hold out: look at its last lines, and run it alone with 'sockbench run' until that is valid";
const REACHABLE =
  "a server was not there: look at its last lines, and start each arm alone with 'sockbench run' until that is valid";
const FROM_REF =
  "if it was the base's: a checkout of --base-ref holds only what git does; what is built needs --base-install 'npm ci && npm run build', and files that git ignores, such as .env, are not there";
const GENERATOR_ENDED = 'a generator process ended: drive less (--clients, --rate), or free memory';
const OTHER_BASE = 'measure the base beside the head instead: --base-exec CMD or --base-ref REF';
const OTHER_LOAD =
  'drive the load with which the base was measured, or measure the base again: --base-exec CMD or --base-ref REF';

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
  ['load_changed', OTHER_LOAD],
]);

const remedyFor = ({ code }: Finding) => REMEDIES.get(code.toLowerCase().replaceAll('-', '_'));

/** Whether the base was checked out for this: both arms then have the same command, in different folders. */
function isFromRef({ design }: Comparison): boolean {
  const [base, head] = design.arms;
  const command = base?.plan.target.exec;
  return (
    design.command === 'gate' &&
    design.baseline === null &&
    typeof command === 'string' &&
    command === head?.plan.target.exec &&
    base?.spec !== command
  );
}

/** Remedies for what spoilt the pairs of those heads of which nothing can be said, the commonest first. */
function remedies(comparison: Comparison): string[] {
  const { judgement } = comparison;
  const findings = judgement.heads
    .filter(({ verdict }) => verdict === 'INVALID')
    .flatMap(({ invalid, excluded }) => [...invalid, ...excluded.flatMap(({ reasons }) => reasons)]);
  if (findings.length === 0) return [];
  const known = findings.map(remedyFor).filter((remedy) => remedy !== undefined);
  const byRemedy = [...Map.groupBy(known, (remedy) => remedy)].sort(([, a], [, b]) => b.length - a.length);
  const told = byRemedy.map(([remedy]) => remedy);
  if (told.length === 0) return ['mend what spoilt the rounds, then compare again'];
  return told.includes(REACHABLE) && isFromRef(comparison) ? [...told, FROM_REF] : told;
}

/** Gating metrics of which nothing could be told, by whether any round had them. */
function unavailable({ judgement }: Comparison): { noisy: string[]; scarce: string[] } {
  const metrics = judgement.heads
    .filter(({ verdict, pairs }) => verdict === 'INCONCLUSIVE' && pairs > 0)
    .flatMap(decidingOf)
    .filter(({ verdict }) => verdict === 'INCONCLUSIVE');
  const names = (those: typeof metrics) => [...new Set(those.map(({ metric }) => plain(metric)))];
  return {
    noisy: names(metrics.filter(({ points }) => points.length > 0)),
    scarce: names(metrics.filter(({ points }) => points.length === 0)),
  };
}

/** More rounds, and not longer ones: it is the run that varies, not the sample within it. */
function moreRounds({ baseline }: Comparison['design'], rounds: number): string {
  if (baseline === null) return `more rounds (--rounds ${rounds}), a quieter machine`;
  return `measure the base beside the head (--base-exec CMD or --base-ref REF) with more rounds (--rounds ${rounds}): a stored base has no more than it has`;
}

/** As many as `compare` takes: with much fewer nothing can be told at all. */
const LEAST_ROUNDS = 15;
/** No more are taken. */
const MOST_ROUNDS = 500;

/** What would have let metrics be told. */
function sharperMeans(comparison: Comparison): string[] {
  const { looks, arms } = comparison.design;
  const { noisy, scarce } = unavailable(comparison);
  const rounds = Math.min(MOST_ROUNDS, Math.max(LEAST_ROUNDS, 2 * (looks.at(-1)?.rounds ?? 1)));
  const duration = formatDurationMs(2 * Math.max(...arms.map(({ plan }) => plan.durationMs)));
  return [
    ...(noisy.length === 0
      ? []
      : [`to be able to tell ${listed(noisy)}: ${moreRounds(comparison.design, rounds)}`]),
    ...(scarce.length === 0
      ? []
      : [
          `too few messages in a round for ${listed(scarce)}: more of them (--rate), or longer rounds (--duration ${duration})`,
        ]),
  ];
}

/** Of a head that got worse. */
function mend({ judgement }: Comparison): string {
  const worse = judgement.heads
    .filter(({ verdict }) => verdict === 'REGRESSED')
    .flatMap(({ metrics }) => metrics)
    .filter(({ verdict, gating, kind }) => verdict === 'REGRESSED' && gating && kind === 'ratio');
  const flags = [...new Set(worse.map(({ metric }) => `--metric ${plain(metric)}:GROWTH`))].join(' ');
  return `mend the head${flags === '' ? '' : `, or tolerate more where it is meant: ${flags}`}`;
}

const LET_IT_END = 'it was cut short: let it end';

/** What to do next, one sentence each; empty when there is nothing to do. */
export function adviceFor(comparison: Comparison): string[] {
  const { design, judgement, status } = comparison;
  const isRegressed = judgement.heads.some(({ verdict }) => verdict === 'REGRESSED');
  const invalid = remedies(comparison);
  return [
    ...invalid,
    ...(isRegressed && design.command === 'gate' ? [mend(comparison)] : []),
    // What ended early would have had more rounds.
    ...(status === 'complete' ? sharperMeans(comparison) : invalid.length === 0 ? [LET_IT_END] : []),
  ];
}
