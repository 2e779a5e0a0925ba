import type { Mapping } from '../../contract/mapping.ts';
import { isObserving, type Layout, type Stream } from '../../contract/scenario.ts';
import { copiesOf } from '../../generator/operations/index.ts';
import { FINDINGS, type FindingCode } from '../../result/findings.ts';
import type { RunResult } from '../../result/run-result.ts';
import { list, plural } from '../../text.ts';
import { receivedInstead } from '../validity/received-instead.ts';
import type { TargetReading } from './reading.ts';

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

export interface TracedRun {
  readonly result: RunResult;
  readonly layout: Layout;
  readonly mapping: Mapping;
  readonly readings: readonly TargetReading[];
}

/** What ends a run before its messages can arrive, the cause first. */
const ENDING_CODES: readonly FindingCode[] = [
  'interrupted',
  'worker_died',
  'server_died',
  'send_failed',
  'sender_lost',
  'clients_lost',
];

interface Missing {
  readonly problem: string;
  readonly next: string;
}

/** Judges a run that sent one message of each stream. */
export function judgeTrace(run: TracedRun): TraceVerdict {
  const { result, layout } = run;
  const ended = ENDING_CODES.flatMap(
    (code) => result.invalid.find((finding) => finding.code === code) ?? [],
  )[0];
  if (isObserving(layout) && ended === undefined) return judgePushes(run);
  const worked: string[] = [];
  const missing: Missing[] = [];
  for (const [index, stream] of layout.streams.entries()) {
    const lost = lostReceivers(index, run);
    const expected = stream.receivers.length * copiesOf(stream);
    if (stream.operation.kind === 'steps') continue;
    if (lost.length === 0) worked.push(sentenceOf(stream, expected));
    else missing.push(whyMissing(index, stream, lost, run));
  }
  if (ended !== undefined) {
    const { remedy } = FINDINGS[ended.code];
    return { measures: false, worked, problem: ended.message, next: remedy === '' ? null : `${remedy}.` };
  }
  const [first = problemBeside(run)] = missing;
  if (first === null) return { measures: true, worked, problem: null, next: null };
  return { measures: false, worked, ...first };
}

/** The receivers that did not get the message of a stream. */
function lostReceivers(index: number, { result, layout }: TracedRun): number[] {
  const { receivers = [] } = layout.streams[index] ?? {};
  if (result.rate.sent === 0) return [...receivers];
  return result.ledger.anomalies
    .filter(({ stream, lost }) => stream === index && lost > 0)
    .map(({ receiver }) => receiver);
}

const NOUNS: Readonly<Record<Stream['operation']['kind'], string>> = {
  publish: 'message',
  request: 'request',
  'ask-me': 'request of the server',
  echo: 'echo',
  'stream-reply': 'streamed request',
  ping: 'ping',
  close: 'close',
  steps: 'iteration',
};

function sentenceOf({ operation, receivers }: Stream, expected: number): string {
  const { kind } = operation;
  if (kind === 'publish')
    return `1 message was published and delivered to ${plural(receivers.length, 'client')}`;
  return expected === 1
    ? `1 ${NOUNS[kind]} was answered`
    : `1 ${NOUNS[kind]} was answered by ${expected} replies`;
}

/** What the target should say instead, as far as what arrived shows it. */
function whyMissing(index: number, stream: Stream, lost: readonly number[], run: TracedRun): Missing {
  const { result, mapping, readings } = run;
  const { kind } = stream.operation;
  const field = FIELD_OF_OPERATION[kind];
  const [failure] = [...result.rate.unsent, ...result.failed];
  const own = readings.filter(({ found }) => found?.stamp.stream === index);
  const elsewhere = own.find(({ isNamed }) => !isNamed);
  const unread = [...own, ...readings].find(
    ({ problem, kind: read }) => problem !== null && read === 'event',
  );
  if (elsewhere?.found != null) return inOtherEvent(kind, elsewhere.event, elsewhere.found.path, mapping);
  if (unread !== undefined) {
    const at =
      unread.found === null
        ? 'the server has to send the payload back'
        : `the payload is at ${unread.found.path}`;
    return {
      problem: `${unread.problem} for the event ${unread.event}: ${at}`,
      next: `Correct ${field}.payload in the target file.`,
    };
  }
  if (result.ledger.corrupted > 0) {
    return {
      problem: 'the payload arrived with another length or content than was sent',
      next: 'Let the server keep the payload, or set changesPayload: true in the target file.',
    };
  }
  const undecoded = readings.find(({ kind: read, problem }) => read === 'none' && problem !== null);
  if (undecoded?.problem != null)
    return { problem: undecoded.problem, next: 'Correct codec.decode in the target file.' };
  if (failure !== undefined)
    return {
      problem: failure.reason,
      next: `Correct ${kind === 'publish' ? 'publish' : field} in the target file.`,
    };
  const isOwnCopy =
    kind === 'publish' && lost.every((client) => client === stream.sender) && stream.receivers.length > 1;
  if (isOwnCopy) {
    return {
      problem: 'the sender did not get its own message: the server sends it to the others only',
      next: 'Give --exclude-sender, also to sockbench run.',
    };
  }
  const withoutPayload = readings.filter(
    ({ isNamed, found, kind: read }) => read === 'event' && isNamed && found === null,
  );
  const [empty] = withoutPayload;
  if (empty !== undefined && kind === 'publish' && lost.length === stream.receivers.length) {
    return {
      problem: `the event ${empty.event} arrived without the payload that was sent`,
      next: 'Put payload where the server sends it back: into the text of the message, for example.',
    };
  }
  return nothingArrived(kind, lost, stream, result);
}

/** The field of a target by which the messages of an operation are recognized. */
const FIELD_OF_OPERATION: Readonly<Record<Stream['operation']['kind'], string>> = {
  publish: 'delivery',
  request: 'request',
  'ask-me': 'asked',
  echo: 'echoed',
  'stream-reply': 'streamed',
  ping: 'protocol',
  close: 'protocol',
  steps: 'delivery',
};

function inOtherEvent(
  kind: Stream['operation']['kind'],
  event: string,
  path: string,
  mapping: Mapping,
): Missing {
  const name = JSON.stringify(event);
  if (kind === 'request') {
    return {
      problem: `the reply came as the event ${name}, with the payload at ${path}; an acknowledgement is expected`,
      next: `Add reply: { event: ${name} } to what request returns.`,
    };
  }
  const expected = [kind === 'echo' ? mapping.echoed?.event : mapping.delivery?.event]
    .flat()
    .filter((each) => each !== undefined);
  return {
    problem: `the payload came in the event ${name}, at ${path}; ${FIELD_OF_OPERATION[kind]} names ${list(expected)}`,
    next: `Set ${FIELD_OF_OPERATION[kind]}: { event: ${name} } in the target file.`,
  };
}

function nothingArrived(
  kind: Stream['operation']['kind'],
  lost: readonly number[],
  { receivers }: Stream,
  { received }: RunResult,
): Missing {
  const what =
    kind === 'publish'
      ? `the message did not reach ${lost.length} of ${plural(receivers.length, 'client')}`
      : `the ${NOUNS[kind]} was not answered`;
  const instead = received === null ? '' : `; ${receivedInstead(received)}`;
  return {
    problem: `${what}${instead}`,
    next:
      kind === 'publish'
        ? 'Compare the frames that client 0 sent with what the server handles, and check that the clients join the room.'
        : 'Compare the frame that was sent with what the server handles, and how it answers (reply).',
  };
}

/** What would make a run wrong, although every message arrived. */
function problemBeside({ result }: TracedRun): Missing | null {
  const { duplicated, unexpected } = result.ledger;
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
  const worked =
    count === 0 ? [] : [`${plural(count, 'push')} arrived by the event ${mapping.observe?.event ?? ''}`];
  if (count > 0) return { measures: true, worked, problem: null, next: null };
  const instead = result.received === null ? '' : `: ${receivedInstead(result.received)}`;
  return {
    measures: false,
    worked,
    problem: `no push arrived${instead}`,
    next: 'Set observe to the event that the server pushes, or wait longer (--duration).',
  };
}
