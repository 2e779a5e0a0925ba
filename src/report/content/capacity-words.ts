import type { Capacity, CapacityStep, Varied } from '../../result/capacity.ts';
import type { RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { formatCount, formatDurationMs, formatPercent } from '../../units.ts';
import { plain } from '../plain.ts';
import { targetLabel } from './labels.ts';

/** `1,240/s`, `200 clients` */
export function valueText(vary: Varied, value: number): string {
  return vary === 'rate' ? `${formatCount(value)}/s` : plural(value, 'client');
}

/** The run that stands for all in what they have in common. */
export function firstResult({ steps }: Capacity): RunResult | null {
  return steps.find(({ result }) => result !== null)?.result ?? null;
}

/** `ws`, `socketio polling` */
export function whatText(capacity: Capacity): string {
  const result = firstResult(capacity);
  return result === null ? 'the server' : plain(targetLabel(result));
}

/** `broadcast-latency with 200 clients`, `broadcast-latency at 100/s` */
function whereText(capacity: Capacity): string {
  const plan = firstResult(capacity)?.plan;
  if (plan === undefined) return '';
  const rateHz = plan.profile[0]?.toHz ?? 0;
  const other =
    capacity.design.vary === 'rate'
      ? `with ${plural(plan.clients, 'client')}`
      : `at ${formatCount(rateHz)}/s`;
  return `${plain(plan.scenario)} ${other}`;
}

/** `fanout_last.p95<50ms holds and nothing is lost` */
function objectivesText({ design: { objectives, lost } }: Capacity): string {
  const all = new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(objectives);
  const loss = lost === '0' ? 'nothing is lost' : `at most ${lost} of the messages are lost`;
  return plain(`${all} ${objectives.length === 1 ? 'holds' : 'hold'} and ${loss}`);
}

/** `ws takes 1,240/s`, or with `at least`; `of` what. */
function takes(capacity: Capacity, value: number, how: string): string {
  const { vary } = capacity.design;
  const of = vary === 'rate' ? 'of' : 'in';
  return `${whatText(capacity)} ${how} ${valueText(vary, value)} ${of} ${whereText(capacity)}`;
}

/** Runs that say something. */
function judged(steps: readonly CapacityStep[]): CapacityStep[] {
  return steps.filter(({ outcome }) => outcome !== 'excluded');
}

/** `5 of 5 fresh runs` */
function confirmedText({ steps, answer }: Capacity): string {
  const fresh = judged(steps).filter(({ phase, value }) => phase === 'confirming' && value === answer.value);
  const passed = fresh.filter(({ outcome }) => outcome === 'passed').length;
  return `confirmed by ${passed} of ${plural(fresh.length, 'fresh run')}`;
}

/** Every reason of one run, as one clause. */
export function reasonsText({ reasons }: CapacityStep): string {
  return plain(reasons.map(({ message }) => message).join('; '));
}

/** `2 of 2 runs failed: why` */
function failuresText(steps: readonly CapacityStep[], failedAt: number): string {
  const there = judged(steps).filter(({ value }) => value === failedAt);
  const failed = there.filter(({ outcome }) => outcome === 'failed');
  const last = failed.at(-1);
  const why = last === undefined ? '' : `: ${reasonsText(last)}`;
  return `${formatCount(failed.length)} of ${plural(there.length, 'run')} failed${why}`;
}

/** `at 1,302/s 2 of 2 runs failed: why`; empty when nothing failed. */
function failedText({ design, steps, answer: { failedAt } }: Capacity): string {
  return failedAt === null ? '' : `at ${valueText(design.vary, failedAt)} ${failuresText(steps, failedAt)}`;
}

/** Codes for which no more workers are needed, but a quieter machine. */
const MACHINE = new Set(['cpu_steal', 'cpu_throttled']);

/** What was in the way at the lowest value of which nothing could be said; empty when nothing was. */
function inconclusiveText({ design, steps, answer: { inconclusiveAt } }: Capacity): string {
  const last = steps.findLast(({ value, outcome }) => value === inconclusiveAt && outcome === 'excluded');
  if (last === undefined || inconclusiveAt === null) return '';
  const at = valueText(design.vary, inconclusiveAt);
  return `nothing can be said of ${at}: ${reasonsText(last)}`;
}

function adviceOnInconclusive({ steps, answer: { inconclusiveAt } }: Capacity): string[] {
  const last = steps.findLast(({ value, outcome }) => value === inconclusiveAt && outcome === 'excluded');
  if (last === undefined) return [];
  const isMachine = last.reasons.every(({ code }) => MACHINE.has(code));
  return [
    isMachine
      ? 'Other work took the machine: stop it, or measure on another, and search again.'
      : 'To see further, give the generator more: --workers, on more CPUs; and stop other work on the machine.',
  ];
}

function joined(...clauses: readonly string[]): string {
  return clauses.filter((clause) => clause !== '').join('; ');
}

/** The answer in one sentence, without a full stop. */
export function answerText(capacity: Capacity): string {
  const { answer, design } = capacity;
  const { kind, value } = answer;
  const held = `${objectivesText(capacity)}, ${confirmedText(capacity)}`;
  switch (kind) {
    case 'found':
      return joined(`${takes(capacity, value ?? 0, 'takes')}: ${held}`, failedText(capacity));
    case 'at_least':
      return joined(
        `${takes(capacity, value ?? 0, 'takes at least')}: ${held}`,
        inconclusiveText(capacity),
        answer.inconclusiveAt === null ? 'nothing higher was asked for (--to)' : failedText(capacity),
      );
    case 'below_start':
      return `${takes(capacity, design.from, 'cannot take even')}: ${failuresText(capacity.steps, design.from)}`;
    case 'unstable':
      return joined(
        `${takes(capacity, value ?? 0, 'takes')} at times, but too unsteadily for an answer`,
        failedText(capacity),
      );
    case 'inconclusive':
      return `nothing can be said of what ${whatText(capacity)} takes, not even at ${valueText(design.vary, design.from)}: ${capacity.steps.slice(-1).map(reasonsText).join('')}`;
    case 'open':
      return joined(
        value === null
          ? `PARTIAL: nothing passed before the search was stopped`
          : `PARTIAL: ${takes(capacity, value, 'took')} in one run, not confirmed`,
        failedText(capacity),
        inconclusiveText(capacity),
      );
  }
}

/** What to do next. */
export function adviceTexts(capacity: Capacity): string[] {
  const { answer } = capacity;
  switch (answer.kind) {
    case 'found':
      return [];
    case 'below_start':
      return ['Begin lower (--from), or ask for less (--objective).'];
    case 'unstable':
      return ['Give longer steps (--duration), and see what sockbench doctor finds on this machine.'];
    default:
      return adviceOnInconclusive(capacity);
  }
}

/** How the search was made. */
export function designText({ design, steps, durationMs }: Capacity): string {
  const { vary, from, to, repeats, mustPass, confidence } = design;
  const range = `${valueText(vary, from)} to ${valueText(vary, to)}`;
  return `looked for from ${range} in ${plural(steps.length, 'run')}, ${formatDurationMs(durationMs)}; quantiles are judged by their upper bound at ${formatPercent(confidence)}; ${mustPass} of ${repeats} fresh runs had to pass`;
}

/** How grave the answer is, for a colour. */
export function answerSeverity({ answer }: Capacity): 'good' | 'warning' | 'bad' {
  switch (answer.kind) {
    case 'found':
      return 'good';
    case 'at_least':
      return answer.inconclusiveAt === null ? 'good' : 'warning';
    case 'unstable':
    case 'open':
      return 'warning';
    default:
      return 'bad';
  }
}
