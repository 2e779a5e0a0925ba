import { isObserving, type Stream } from '../../contract/scenario.ts';
import { copiesOf } from '../../generator/operations/index.ts';
import { UNACKNOWLEDGED } from '../../generator/operations/publish.ts';
import type { Finding, FindingCode } from '../../result/findings.ts';
import type { RunResult } from '../../result/run-result.ts';
import { list, plural } from '../../text.ts';
import { insteadOf, type Missing, NOUNS, type TracedRun, whyMissing } from './missing.ts';
import { isAmong } from './reading.ts';

/** Whether a target measures, what was seen, and what to do where it does not. */
export interface TraceVerdict {
  readonly measures: boolean;
  /** What worked, a sentence for each kind of message. */
  readonly worked: readonly string[];
  /** What is missing, as a sentence; null where nothing is. */
  readonly problem: string | null;
  /** What to do about it; null where nothing is to be done. */
  readonly next: string | null;
}

/** What ends a run before its messages can arrive, the cause first, and what to do about it. */
const ENDINGS: ReadonlyArray<[FindingCode, string | null]> = [
  ['interrupted', null],
  ['worker_died', null],
  ['server_died', 'Correct the error in the server; its output is above.'],
  ['send_failed', 'Correct that function of the target file.'],
  ['clients_lost', 'Read the last frames of that client, and the output of the server.'],
  ['sender_lost', 'Read the last frames of that client, and the output of the server.'],
];

/** Judges a run that sent one message of each stream. */
export function judgeTrace(run: TracedRun): TraceVerdict {
  const { result, layout } = run;
  const ended = traceEndingOf(result);
  if (isObserving(layout) && ended === null) return judgePushes(run);
  const facts = new Facts();
  const missing: Missing[] = [];
  for (const [index, stream] of layout.streams.entries()) {
    if (stream.operation.kind === 'steps') continue;
    const reached = reachedOf(index, run);
    if (reached.lost.length === 0) facts.add(stream, reached.count);
    else missing.push(whyMissing(index, stream, reached.lost, run));
  }
  const worked = [...facts.sentences(), ...iterations(run)];
  if (ended !== null) return { measures: false, worked, ...ended, next: acknowledgeNext(run) ?? ended.next };
  const [first = problemBeside(run)] = missing;
  if (first === null) return { measures: true, worked, problem: null, next: acknowledgeNext(run) };
  return { measures: false, worked, ...first };
}

/** How to acknowledge the events for which the server asks; null where the target does. */
function acknowledgeNext({ readings, mapping }: TracedRun): string | null {
  const events = new Set(readings.flatMap((each) => (each.isUnacknowledged ? [each.event] : [])));
  const [event] = events;
  if (event === undefined) return null;
  const name = JSON.stringify(event);
  const { delivery, echoed } = mapping;
  const field = Object.entries({ delivery, echoed }).find(([, named]) => isAmong(named?.event, event))?.[0];
  const how = field === undefined ? `acknowledge: { ${name}: VALUE }` : `${field}: { acknowledge: VALUE }`;
  return `The server asks for an acknowledgement of ${list([...events].map((each) => JSON.stringify(each)))}, and may drop clients that send none. Add ${how} to the target file.`;
}

/** Why a run ended early. Where it went on without its sender, the reason why that was dropped says more. */
function traceEndingOf({ invalid, status }: RunResult): Missing | null {
  const isAborted = status === 'partial';
  const endings = isAborted ? invalid.filter(isEnding).slice(0, 1) : invalid;
  for (const [code, next] of ENDINGS) {
    const ended = endings.find((finding) => finding.code === code);
    if (ended !== undefined) return { problem: ended.message, next };
  }
  return null;
}

const isEnding = ({ code }: Finding) => ENDINGS.some(([each]) => each === code);

/** The receivers that the message of a stream did not reach, and how many it did. */
function reachedOf(
  index: number,
  { result, layout, sent, readings }: TracedRun,
): { readonly lost: readonly number[]; readonly count: number } {
  const { receivers = [] } = layout.streams[index] ?? {};
  const own = sent.find(({ stream }) => stream === index);
  if (own === undefined || own.sent <= own.rejected) return { lost: receivers, count: 0 };
  if (result.plan.target.droppable) {
    // One that the server dropped is no loss, but the target measures only if some arrive.
    const counting = readings.filter(({ counts, found }) => counts && found?.stamp.stream === index);
    const count = new Set(counting.map(({ client }) => client)).size;
    return { lost: count === 0 ? receivers : [], count };
  }
  const lost = result.ledger.anomalies
    .filter((account) => account.stream === index && account.lost > 0)
    .map(({ receiver }) => receiver);
  return { lost, count: receivers.length - lost.length };
}

/** What worked, with messages of one kind in one sentence. */
class Facts {
  readonly #counts = new Map<string, { readonly stream: Stream; readonly reached: number; count: number }>();

  add(stream: Stream, reached: number): void {
    const { operation, receivers } = stream;
    const key = `${operation.kind} ${receivers.length} ${reached} ${copiesOf(stream)}`;
    const fact = this.#counts.get(key) ?? { stream, reached, count: 0 };
    fact.count += 1;
    this.#counts.set(key, fact);
  }

  sentences(): string[] {
    return Array.from(this.#counts.values(), ({ stream, reached, count }) => {
      const { operation, receivers } = stream;
      const [was, each] = count === 1 ? ['was', ''] : ['were', ' each'];
      const what = `${plural(count, NOUNS[operation.kind])} ${was}`;
      if (operation.kind === 'publish') {
        const to = reached === receivers.length ? '' : `${reached} of `;
        const rest = to === '' ? '' : '; the server dropped the others, as droppable allows';
        return `${what} published and delivered to ${to}${plural(receivers.length, 'client')}${each}${rest}`;
      }
      const replies = receivers.length * copiesOf(stream);
      return `${what} answered${replies === 1 ? '' : ` by ${plural(replies, 'reply')}${each}`}`;
    });
  }
}

/** The samples of a scenario with steps. */
function iterations({ result: { samples }, layout }: TracedRun): string[] {
  const hasSteps = layout.streams.some(({ operation }) => operation.kind === 'steps');
  return hasSteps && samples.count > 0 ? [`${plural(samples.count, samples.unit)} measured`] : [];
}

/** What would make a run wrong, although every message arrived. */
function problemBeside({ result, layout }: TracedRun): Missing | null {
  const { duplicated, unexpected } = result.ledger;
  const [failure] = [...result.failed, ...result.rate.unsent, ...result.rejected];
  const hasSteps = layout.streams.some(({ operation }) => operation.kind === 'steps');
  if (hasSteps && (failure !== undefined || result.samples.count === 0)) {
    return {
      problem: `an iteration was not completed: ${failure?.reason ?? 'it measured nothing'}${insteadOf(result)}`,
      next: 'Compare the frames with the steps of the scenario.',
    };
  }
  if (failure !== undefined) {
    const isUnacknowledged = failure.reason === UNACKNOWLEDGED;
    return {
      problem: failure.reason,
      next: isUnacknowledged
        ? 'Let the server acknowledge it, or remove reply from what publish returns.'
        : 'Correct that function of the target file.',
    };
  }
  if (duplicated > 0) {
    return {
      problem: `${plural(duplicated, 'copy')} too many arrived: the server sends a message more than once to a client`,
      next: 'Check that a client joins a room once, and that delivery names one event for each message.',
    };
  }
  if (unexpected === 0) return null;
  const [reason] = result.unexpected;
  return {
    problem: `${plural(unexpected, 'message')} arrived that should not: ${reason?.reason ?? ''}`,
    next: 'Check whom the server sends a message to, and --exclude-sender.',
  };
}

function judgePushes({ result, mapping }: TracedRun): TraceVerdict {
  const { count } = result.samples;
  const [failure] = result.failed;
  const event = [mapping.observe?.event ?? []].flat().join(', ');
  const worked = count === 0 ? [] : [`${plural(count, 'push')} arrived by the event ${event}`];
  if (failure !== undefined) {
    const next = 'Correct observe in the target file.';
    return { measures: false, worked, problem: failure.reason, next };
  }
  if (count > 0) return { measures: true, worked, problem: null, next: null };
  return {
    measures: false,
    worked,
    problem: `no push arrived${insteadOf(result)}`,
    next: 'Set observe to the event that the server pushes, or wait longer (--duration).',
  };
}
