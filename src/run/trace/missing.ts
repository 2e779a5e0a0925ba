import type { Mapping } from '../../contract/mapping.ts';
import type { Layout, Stream } from '../../contract/scenario.ts';
import type { SentOfStream } from '../../generator/messages.ts';
import { UNACKNOWLEDGED } from '../../generator/operations/publish.ts';
import type { RunResult } from '../../result/run-result.ts';
import { list, plural } from '../../text.ts';
import { receivedInstead } from '../validity/received-instead.ts';
import { isAmong, type TargetReading } from './reading.ts';

/** A run that sent one message of each stream, and what was seen of it. */
export interface TracedRun {
  readonly result: RunResult;
  readonly layout: Layout;
  readonly mapping: Mapping;
  readonly readings: readonly TargetReading[];
  /** How many messages of each stream were sent, and rejected; a stream that is not in it sent none. */
  readonly sent: readonly SentOfStream[];
}

/** What a target lacks, and what to do about it. */
export interface Missing {
  readonly problem: string;
  readonly next: string | null;
}

export const NOUNS: Readonly<Record<Stream['operation']['kind'], string>> = {
  publish: 'message',
  request: 'request',
  'ask-me': 'request of the server',
  echo: 'echo',
  'stream-reply': 'streamed request',
  ping: 'ping',
  close: 'close',
  steps: 'iteration',
};

/** What the target should say instead, as far as what arrived shows it. The first explanation that fits is given. */
export function whyMissing(index: number, stream: Stream, lost: readonly number[], run: TracedRun): Missing {
  const own = run.readings.filter(({ found }) => found?.stamp.stream === index);
  return (
    whyRejected(index, stream, run) ??
    whyElsewhere(stream, own, run) ??
    whyUnread(stream, own, run) ??
    whyFailed(stream, run) ??
    whyOwnCopy(stream, lost) ??
    whyWithoutPayload(stream, lost, run) ??
    nothingArrived(stream, lost, run)
  );
}

function whyRejected(index: number, { operation }: Stream, { result, sent }: TracedRun): Missing | null {
  const [first] = result.rejected;
  if (first === undefined || (sent.find(({ stream }) => stream === index)?.rejected ?? 0) === 0) return null;
  return {
    problem: `the server rejected the ${NOUNS[operation.kind]}: ${first.reason}`,
    next: 'Let the client log in or join first (prepare, opened, join), or correct what the target sends.',
  };
}

/** The payload came in an event that the target does not name. */
function whyElsewhere(
  { operation: { kind } }: Stream,
  own: readonly TargetReading[],
  { mapping }: TracedRun,
): Missing | null {
  const elsewhere = own.find(({ isNamed }) => !isNamed);
  if (elsewhere?.found == null) return null;
  const name = JSON.stringify(elsewhere.event);
  const { path } = elsewhere.found;
  if (kind === 'request') {
    return {
      problem: `the reply came as the event ${name}, with the payload at ${path}; an acknowledgement is expected`,
      next: `Add reply: { event: ${name} } to what request returns.`,
    };
  }
  const field = FIELD_OF_OPERATION[kind];
  const expected = [kind === 'echo' ? mapping.echoed?.event : mapping.delivery?.event]
    .flat()
    .filter((each) => each !== undefined);
  return {
    problem: `the payload came in the event ${name}, at ${path}; ${field} names ${list(expected)}`,
    next: `Set ${field}: { event: ${name} } in the target file.`,
  };
}

/** A function of the target did not find the payload, or the payload is not what was sent. */
function whyUnread(
  { operation: { kind } }: Stream,
  own: readonly TargetReading[],
  { result, readings }: TracedRun,
): Missing | null {
  const unread = [...own, ...readings].find((each) => each.problem !== null && each.kind === 'event');
  if (unread !== undefined) {
    const at =
      unread.found === null
        ? 'the server has to send the payload back'
        : `the payload is at ${unread.found.path}`;
    return {
      problem: `${unread.problem} for the event ${unread.event}: ${at}`,
      next: `Correct ${FIELD_OF_OPERATION[kind]}.payload in the target file.`,
    };
  }
  if (result.ledger.corrupted > 0) {
    return {
      problem: 'the payload arrived with another length or content than was sent',
      next: 'Let the server keep the payload, or set changesPayload: true in the target file.',
    };
  }
  const undecoded = readings.find((each) => each.kind === 'none' && each.problem !== null);
  return undecoded?.problem == null
    ? null
    : { problem: undecoded.problem, next: 'Correct codec.decode in the target file.' };
}

/** It was not sent, or sending it failed. */
function whyFailed({ operation: { kind } }: Stream, { result }: TracedRun): Missing | null {
  const [failure] = [...result.rate.unsent, ...result.failed];
  // What arrived instead of an acknowledgement says more.
  if (failure === undefined || failure.reason === UNACKNOWLEDGED) return null;
  const field = kind === 'publish' ? kind : FIELD_OF_OPERATION[kind];
  return { problem: failure.reason, next: `Correct ${field} in the target file.` };
}

function whyOwnCopy({ operation, sender, receivers }: Stream, lost: readonly number[]): Missing | null {
  const isOwn = operation.kind === 'publish' && lost.every((client) => client === sender);
  if (!isOwn || receivers.length === 1) return null;
  return {
    problem: 'the sender did not get its own message: the server sends it to the others only',
    next: 'Give --exclude-sender, also to sockbench run.',
  };
}

/** The event of deliveries came without the payload. */
function whyWithoutPayload(
  { operation, receivers }: Stream,
  lost: readonly number[],
  { readings, mapping }: TracedRun,
): Missing | null {
  const empty = readings.find(
    ({ event, found, rejection }) =>
      isAmong(mapping.delivery?.event, event) && found === null && rejection === null,
  );
  if (empty === undefined || operation.kind !== 'publish' || lost.length < receivers.length) return null;
  return {
    problem: `the event ${empty.event} arrived without the payload that was sent`,
    next: 'Put payload where the server sends it back: into the text of the message, for example.',
  };
}

function nothingArrived(
  { operation: { kind }, receivers }: Stream,
  lost: readonly number[],
  { result, readings }: TracedRun,
): Missing {
  const what =
    kind === 'publish'
      ? `the message did not reach ${lost.length} of ${plural(receivers.length, 'client')}`
      : `the ${NOUNS[kind]} was not answered`;
  const rejection = readings.find((each) => each.rejection !== null)?.rejection ?? null;
  const said = rejection === null ? '' : `; the server says no: ${rejection}`;
  return { problem: `${what}${said}${insteadOf(result)}`, next: nextFor(kind, rejection) };
}

function nextFor(kind: Stream['operation']['kind'], rejection: string | null): string {
  if (rejection !== null) return 'Correct what the server refuses, which the frames show.';
  return kind === 'publish'
    ? 'Compare the frames that client 0 sent with what the server handles, and check that the clients join the room.'
    : 'Compare the frame that was sent with what the server handles, and how it answers (reply).';
}

/** What the clients received instead, as the continuation of a sentence. */
export function insteadOf({ received }: Pick<RunResult, 'received'>): string {
  return received === null ? '' : `; ${receivedInstead(received)}`;
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
