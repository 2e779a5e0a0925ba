import type { IncomingEvent } from '../contract/mapping.ts';
import type { Connection, Handler } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { Reading } from '../measure/payload.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { Arrival } from '../wire/sockets/stream.ts';
import type { WorkerContext } from './context.ts';
import { Deliveries } from './deliveries.ts';
import { KnownMessages, type Reader } from './known-messages.ts';
import { Listener, type Listening, type Role } from './listener.ts';
import type { Snapshot } from './messages.ts';
import { Refusals } from './refusals.ts';
import { REMARKS, Replies } from './replies.ts';
import type { UNEXPECTED } from './unexpected.ts';

/** Leaves the payload to be searched in all of the data. */
const unchanged: Reader = (data) => data;

/** Calls a reader. */
type CallReader = (read: Reader, data: unknown) => unknown;
const callDirectly: CallReader = (read, data) => read(data);

/** Takes all that clients receive: finds the stamp, times it and enters it. */
export class Receiver {
  readonly known: KnownMessages;
  readonly #context: WorkerContext;
  readonly #deliveries: Deliveries;
  readonly #listeners = new WeakMap<Connection, Listening[]>();
  /** Each list of readers that a listener has. */
  readonly #readerLists: Array<readonly Reader[]> = [];
  readonly #call: CallReader = (read, data) => this.read(read, data);
  readonly replies: Replies;
  /** Null where the target names no event by which the server refuses a message. */
  readonly refusals: Refusals | null;
  /** Whether messages are sent that are no broadcast, which the server may broadcast all the same. */
  readonly #mayBroadcastMore: boolean;

  constructor(context: WorkerContext) {
    const { refused } = context.target.mapping;
    this.#context = context;
    this.#deliveries = new Deliveries(context);
    this.replies = new Replies(context);
    this.refusals = refused === undefined ? null : new Refusals(context, refused);
    this.#mayBroadcastMore = context.layout.streams.some(({ operation }) => operation.kind !== 'publish');
    this.known = new KnownMessages(context.payloads, (data, readers) =>
      this.#readAny(data, readers, callDirectly),
    );
  }

  get ledger(): Ledger {
    return this.#deliveries.ledger;
  }

  /** Listens to the events of a target by which messages arrive, and acknowledges them where the target says how. */
  listenFor(
    client: number,
    connection: Connection,
    { event, payload, acknowledge }: IncomingEvent,
    role: Role,
  ): void {
    for (const name of [event].flat()) {
      this.#listen(client, connection, name, role, payload);
      if (acknowledge !== undefined) connection.answer(name, (data) => this.#acknowledge(acknowledge, data));
    }
  }

  /** Listens to an event that replies to those that are sent as `sentAs`. */
  listenForReply(client: number, connection: Connection, event: string, sentAs: string): void {
    const listener = this.#listen(client, connection, event, 'reply', this.replies.readerOf(sentAs));
    listener.repliesTo = sentAs;
  }

  /** Listens to the events by which the server refuses what a client sent. */
  listenForRefusals(client: number, connection: Connection): void {
    for (const event of this.refusals?.events ?? []) this.#listenerOf(client, connection, event);
  }

  /** Listens to an event once; the first of its readers that finds a stamp reads it. */
  #listen(
    client: number,
    connection: Connection,
    event: string,
    role: Role,
    read: Reader = unchanged,
  ): Listening {
    const listener = this.#listenerOf(client, connection, event);
    if (!listener.readers.includes(read)) listener.readers = this.#listOf([...listener.readers, read]);
    listener.roles.add(role);
    return listener;
  }

  #listenerOf(client: number, connection: Connection, event: string): Listening {
    const present = this.#listenersOf(connection).find((each) => each.event === event);
    if (present !== undefined) return present;
    const listener = new Listener(this, client, event);
    this.#listenersOf(connection).push(listener);
    connection.on(event, (data, arrival) => this.#takeEvent(listener, data, arrival), listener);
    return listener;
  }

  #takeEvent(listener: Listener, data: unknown, arrival: Arrival | undefined): void {
    const { client, event, readers, roles, repliesTo } = listener;
    const receivedNs = this.#context.receipts.at(arrival);
    const refusals = this.refusals?.events.includes(event) === true ? this.refusals : null;
    if (refusals?.take(client, data, arrival, roles.size > 0) === true) return;
    const answer = roles.has('reply') ? this.replies.judge(data, repliesTo) : null;
    if (answer !== null && this.replies.take(client, event, data, answer, arrival)) return;
    if (readers.length === 0) return;
    const reading = this.#readAny(data, readers);
    // A rejection is not recognized by its payload.
    if (answer === null || answer.kind === 'accepted') this.known.learn(event, readers, reading);
    if (reading === null || reading.state === 'invented') this.take(client, reading, receivedNs);
    else this.#takeMessage(listener, reading, receivedNs);
  }

  /** Takes a message that was recognized, by readers that read the one from which it is known; false otherwise. */
  takeRecognized(listener: Listener, arrival: Arrival): boolean {
    const { client, event, readers, roles } = listener;
    const reading = this.known.readingBy(readers);
    if (reading === null) return false;
    const receivedNs = this.#context.receipts.at(arrival);
    if (roles.has('reply') && this.replies.takeKnown(client, event, reading, arrival)) return true;
    this.#takeMessage(listener, reading, receivedNs);
    return true;
  }

  /** Enters a message of this run, unless it is a broadcast of one that has a reply. */
  #takeMessage({ client, roles }: Listener, reading: Reading, receivedNs: number): void {
    this.refusals?.settle(client, reading.stamp);
    if (this.#mayBroadcastMore && this.#isBroadcastToo(client, roles, reading.stamp)) {
      this.#context.receipts.note(receivedNs);
      if (receivedNs >= this.#context.measuring.startNs) this.#context.remarks.add(REMARKS.broadcast);
    } else {
      this.#deliveries.enter(client, reading, receivedNs);
    }
  }

  /**
   * Whether this is the broadcast of a request or an echo by a server that also replies to it: the target names the event
   * as that of deliveries, or as a reply that other clients get, too. Nothing is expected of it.
   */
  #isBroadcastToo(client: number, roles: ReadonlySet<Role>, { stream }: Stamp): boolean {
    const { streams } = this.#context.layout;
    // Requests of steps have streams of their own, behind those of the layout.
    const isOfStep = stream >= streams.length;
    const { sender, operation } = streams[stream % streams.length] ?? {};
    if (operation === undefined) return false;
    const kind = isOfStep ? 'request' : operation.kind;
    if (kind === 'publish' || kind === 'steps') return false;
    if (client === sender && roles.has(kind === 'echo' ? 'echo' : 'reply')) return false;
    return roles.has('delivery') || (kind === 'request' && roles.has('reply'));
  }

  /** The acknowledgement of an event, by a value of the target or by its function. A failure is counted, and rejects: none is sent. */
  #acknowledge(acknowledge: unknown, data: unknown): unknown {
    if (typeof acknowledge !== 'function') return acknowledge;
    const fail = (error: unknown): Promise<never> => {
      this.#context.failed.add(messageOf(error));
      return Promise.reject(error);
    };
    try {
      const answer: unknown = acknowledge(data);
      return answer instanceof Promise ? answer.catch(fail) : answer;
    } catch (error) {
      return fail(error);
    }
  }

  /** Has `handler` take every event of this name; {@link listenFor} leaves it alone from now on. */
  claim(connection: Connection, event: string, handler: Handler): void {
    this.#listenersOf(connection).push({ event, readers: [], roles: new Set(), repliesTo: '' });
    connection.on(event, handler);
  }

  /** Reads what a server sent by a function of the target. One that throws is counted, and gives undefined. */
  read<T>(read: (data: unknown) => T, data: unknown): T | undefined {
    try {
      return read(data);
    } catch (error) {
      this.#context.failed.add(messageOf(error));
      return undefined;
    }
  }

  /** Takes a message that was read, or that has no stamp: copy number `copy`, from 0, of those that are expected. */
  take(receiver: number, reading: Reading | null, receivedNs: number, copy = 0): void {
    if (reading === null) this.takeUnexpected('unreadable', receivedNs);
    else if (reading.state === 'invented') this.takeUnexpected('invented', receivedNs);
    else this.#deliveries.enter(receiver, reading, receivedNs, copy);
  }

  /** Takes the answer to a message whose stamp is known without reading it. */
  takeAnswer(receiver: number, stamp: Stamp, receivedNs: number, copy = 0): void {
    this.#deliveries.enter(receiver, { stamp, state: 'intact' }, receivedNs, copy);
  }

  sampleFreshness(): void {
    this.#deliveries.sampleFreshness();
  }

  /** Takes a message that belongs to no message of this run. None of its numbers is used. */
  takeUnexpected(why: keyof typeof UNEXPECTED, receivedNs: number): void {
    this.#deliveries.enterUnexpected(why, receivedNs);
  }

  /** What was received since the last call. With `isLast`, broadcasts that are still open are closed. */
  takeReport(
    isLast = false,
  ): Pick<Snapshot, 'totals' | 'broadcasts' | 'incomplete' | 'slowest' | 'bySecond'> {
    return this.#deliveries.takeReport(isLast);
  }

  /** Each payload is searched once, by one reader after the other until there is a stamp. */
  #readAny(data: unknown, readers: readonly Reader[], call?: CallReader): Reading | null {
    for (const read of readers) {
      const reading = this.readPayload(data, read, call);
      if (reading !== null) return reading;
    }
    return null;
  }

  /** Reads the payload that `read` takes out of data; without it, searches the data for one. */
  readPayload(data: unknown, read: Reader = unchanged, call: CallReader = this.#call): Reading | null {
    const { payloads } = this.#context;
    return read === unchanged ? payloads.search(data) : payloads.read(call(read, data));
  }

  #listOf(readers: readonly Reader[]): readonly Reader[] {
    const isSame = (list: readonly Reader[]) =>
      list.length === readers.length && list.every((read, place) => read === readers[place]);
    const present = this.#readerLists.find(isSame);
    if (present === undefined) this.#readerLists.push(readers);
    return present ?? readers;
  }

  #listenersOf(connection: Connection): Listening[] {
    const listeners = this.#listeners.get(connection) ?? [];
    this.#listeners.set(connection, listeners);
    return listeners;
  }
}
