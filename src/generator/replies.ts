import type { Mapping, OutgoingEvent, ReplyEvent } from '../contract/mapping.ts';
import { Rejected, rejectionIn } from '../contract/replies.ts';
import { messageOf } from '../errors.ts';
import { quietNs } from '../measure/fanout.ts';
import type { Payloads, Reading } from '../measure/payload.ts';
import type { ReceiptTime } from '../measure/receipts.ts';
import { isSameStamp, type Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';
import type { Reader } from './known-messages.ts';
import { ACKNOWLEDGEMENT } from './received-messages.ts';

/** How messages were counted, as a run notes it. */
export const REMARKS = {
  /** Replies without a payload that were taken for that to the oldest request of their client. */
  inOrder: 'in order',
  /** The part of these for which more than one request waited. */
  guessed: 'guessed',
  /** Copies of requests and echoes that the server also broadcast. */
  broadcast: 'broadcast',
} as const;

/** What a reply says. */
export type GivenReply =
  | { readonly kind: 'rejected'; readonly reason: string }
  /** `mayLackPayload`: whether it is right without a payload. */
  | { readonly kind: 'accepted'; readonly reading: Reading | null; readonly mayLackPayload: boolean };

export type OnAnswer = (answer: GivenReply, arrival: ReceiptTime | undefined) => void;

/** A message whose reply is an event. */
interface Waiting {
  readonly stamp: Stamp;
  /** As the target was given it; null where it does not read it from replies. */
  readonly id: string | null;
  readonly onAnswer: OnAnswer;
  /** Whether the reply is nothing else: the event of a published message may be its delivery, too. */
  readonly takesEvent: boolean;
}

/** The messages of one client that wait for one event. */
interface WaitingOfEvent {
  readonly readId: Reader | null;
  /** Oldest first, by {@link keyOf}. */
  readonly waiting: Map<string, Waiting>;
  /** The last one that was answered: a further reply without a payload is a copy of that. */
  answered: Waiting | null;
}

/** Takes the replies of a server: finds the message of each, and whether it says no. */
export class Replies {
  readonly #context: Pick<WorkerContext, 'target' | 'remarks' | 'clock' | 'measuring'>;
  readonly #payloads: Payloads;
  readonly #forgetAfterNs: number;
  readonly #byEvent = new Map<string, WaitingOfEvent>();
  /** Names of events of which a reply had a payload: one without it is no reply, unless it is a rejection. */
  readonly #withPayload = new Set<string>();
  /** Readers of replies by the event that was sent, the same for all clients. */
  readonly #readers = new Map<string, Reader>();
  #waitingCount = 0;
  /** How the target wanted requests to be answered: names of events, or {@link ACKNOWLEDGEMENT}. */
  readonly asked = new Set<string>();

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#payloads = context.payloads;
    this.#forgetAfterNs = quietNs(context.plan.drainMs);
  }

  /** Whether no message waits for an event. */
  get isEmpty(): boolean {
    return this.#waitingCount === 0;
  }

  /** Notes how a request is to be answered. */
  noteAsked({ reply = 'acknowledgement' }: OutgoingEvent): void {
    if (reply !== 'none') this.asked.add(typeof reply === 'object' ? reply.event : ACKNOWLEDGEMENT);
  }

  /** Reads a reply to what was sent as `event`. */
  judge(data: unknown, event: string): GivenReply {
    return judgeReply(data, event, this.#context.target.mapping, this.#payloads);
  }

  /** The reader of the payload in a reply to what was sent as `event`; the whole reply where the target has none. */
  readerOf(event: string): Reader {
    const { reply } = this.#context.target.mapping;
    const reader: Reader =
      this.#readers.get(event) ??
      ((data) => {
        const read = reply?.(data, event);
        if (read instanceof Rejected) return undefined;
        return read ?? data;
      });
    this.#readers.set(event, reader);
    return reader;
  }

  /** Calls `onAnswer` for the reply to a message, by an event. The returned function stops waiting. */
  expect(
    client: number,
    { event, id: read }: ReplyEvent,
    { id, ...waiting }: Omit<Waiting, 'id'> & { readonly id: number },
  ): () => void {
    const readId = read ?? null;
    const key = `${client} ${event}`;
    const known = this.#byEvent.get(key) ?? { readId, waiting: new Map<string, Waiting>(), answered: null };
    this.#byEvent.set(key, known);
    this.#forgetOld(known, waiting.stamp.actualNs);
    const keyOfStamp = keyOf(waiting.stamp);
    known.waiting.set(keyOfStamp, { ...waiting, id: readId === null ? null : String(id) });
    this.#waitingCount += 1;
    return () => {
      if (known.waiting.delete(keyOfStamp)) this.#waitingCount -= 1;
    };
  }

  #forgetOld({ waiting }: WaitingOfEvent, nowNs: number): void {
    for (const [key, { stamp }] of waiting) {
      if (nowNs - stamp.actualNs <= this.#forgetAfterNs) return;
      waiting.delete(key);
      this.#waitingCount -= 1;
    }
  }

  /**
   * Takes an event that replies to a message; `answer` is what it says. True when that is all that it is; false for an
   * event that may be something else.
   */
  take(
    client: number,
    event: string,
    data: unknown,
    answer: GivenReply,
    arrival: ReceiptTime | undefined,
  ): boolean {
    const known = this.#byEvent.get(`${client} ${event}`);
    if (known === undefined) return false;
    const found = this.#find(known, event, data, answer);
    if (found === null) return false;
    this.#settle(known, found, answer, arrival);
    return found.takesEvent;
  }

  /** Takes an event that is known by its payload alone; false for one that may be something else. */
  takeKnown(client: number, event: string, reading: Reading, arrival: ReceiptTime | undefined): boolean {
    if (this.isEmpty) return false;
    const known = this.#byEvent.get(`${client} ${event}`);
    const found = known?.waiting.get(keyOf(reading.stamp));
    this.#withPayload.add(event);
    if (known === undefined || found === undefined) return false;
    this.#settle(known, found, { kind: 'accepted', reading, mayLackPayload: false }, arrival);
    return found.takesEvent;
  }

  #settle(known: WaitingOfEvent, found: Waiting, answer: GivenReply, arrival: ReceiptTime | undefined): void {
    if (known.waiting.delete(keyOf(found.stamp))) this.#waitingCount -= 1;
    known.answered = found;
    found.onAnswer(answer, arrival);
  }

  /** The message of a reply: by its id, by its payload, or the oldest one. Null where there is none. */
  #find(known: WaitingOfEvent, event: string, data: unknown, answer: GivenReply): Waiting | null {
    const { waiting, readId } = known;
    const id = readId === null ? null : idIn(readId, data);
    if (id !== null) {
      for (const each of waiting.values()) if (each.id === id) return each;
      return known.answered?.id === id ? known.answered : null;
    }
    if (answer.kind === 'accepted' && answer.reading !== null) {
      this.#withPayload.add(event);
      return waiting.get(keyOf(answer.reading.stamp)) ?? null;
    }
    if (answer.kind === 'accepted' && (!answer.mayLackPayload || this.#withPayload.has(event))) return null;
    return this.#oldest(known);
  }

  #oldest({ waiting, answered }: WaitingOfEvent): Waiting | null {
    const [first] = waiting.values();
    if (first === undefined) return answered;
    if (first.stamp.measured) {
      this.#context.remarks.add(REMARKS.inOrder);
      if (waiting.size > 1) this.#context.remarks.add(REMARKS.guessed);
    }
    return first;
  }
}

/** Reads a reply to what was sent as `event` by the `reply` of a target. */
export function judgeReply(
  data: unknown,
  event: string,
  { reply }: Pick<Mapping, 'reply'>,
  payloads: Pick<Payloads, 'read' | 'search'>,
): GivenReply {
  let read: unknown;
  try {
    read = reply?.(data, event);
  } catch (error) {
    return { kind: 'rejected', reason: reasonOfThrown(error) };
  }
  if (read instanceof Rejected) return { kind: 'rejected', reason: read.reason };
  const isNothing = read === undefined || read === null;
  const reading = isNothing ? payloads.search(data) : payloads.read(read);
  // A function that checks a reply may return it; what it took out as text or bytes should be the payload.
  const mayLackPayload = isNothing || (typeof read === 'object' && !(read instanceof Uint8Array));
  const isAccepted = read === null || (read !== undefined && reading !== null);
  const reason = isAccepted ? null : rejectionIn(data);
  return reason === null ? { kind: 'accepted', reading, mayLackPayload } : { kind: 'rejected', reason };
}

/** The id that a target reads from a reply; null where it finds none. */
function idIn(read: Reader, data: unknown): string | null {
  try {
    const id = read(data);
    return id === undefined || id === null ? null : String(id);
  } catch {
    // Another event of the same name.
    return null;
  }
}

/** Why a server said no: what the target threw. A plain Error is a reason; any other error shows where it was thrown. */
function reasonOfThrown(error: unknown): string {
  if (error instanceof Rejected) return error.reason;
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && cause.name === 'Error' ? cause.message : messageOf(error);
}

/** Whether a reading is that of the message with this stamp. */
export function isReadingOf({ state, stamp }: Reading, sent: Stamp): boolean {
  return state !== 'invented' && isSameStamp(stamp, sent);
}

function keyOf({ stream, seq, intendedNs, actualNs }: Stamp): string {
  return `${stream},${seq},${intendedNs},${actualNs}`;
}
