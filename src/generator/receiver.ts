import type { IncomingEvent } from '../contract/mapping.ts';
import type { Connection, Handler, RecognizedHandler } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { Reading } from '../measure/payload.ts';
import type { ReceiptTime } from '../measure/receipts.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { Arrival } from '../wire/sockets/stream.ts';
import type { WorkerContext } from './context.ts';
import { Deliveries, type UNEXPECTED } from './deliveries.ts';
import { KnownMessages, type Reader } from './known-messages.ts';
import type { Snapshot } from './messages.ts';

/** Takes a message that a step waits for. */
type OnReading = (reading: Reading, arrival: ReceiptTime | undefined) => void;

/** Leaves the payload to be searched in all of the data. */
const unchanged: Reader = (data) => data;

/** Calls a reader. */
type CallReader = (read: Reader, data: unknown) => unknown;
const callDirectly: CallReader = (read, data) => read(data);

/** An event of a connection that the receiver listens to, or leaves alone. */
interface Listening {
  readonly event: string;
  /** The first of them that finds a stamp reads it. Listeners with the same readers share the list. */
  readers: readonly Reader[];
}

/** Takes an event of a connection. */
class Listener implements Listening, RecognizedHandler {
  readonly #receiver: Receiver;
  readonly #client: number;
  readonly event: string;
  readers: readonly Reader[];

  constructor(receiver: Receiver, client: number, event: string, readers: readonly Reader[]) {
    this.#receiver = receiver;
    this.#client = client;
    this.event = event;
    this.readers = readers;
  }

  onRecognized(arrival: Arrival): boolean {
    return this.#receiver.takeRecognized(this.#client, this.readers, arrival);
  }
}

/** Takes all that clients receive: finds the stamp, times it and enters it. */
export class Receiver {
  readonly known: KnownMessages;
  readonly #context: WorkerContext;
  readonly #deliveries: Deliveries;
  readonly #listeners = new WeakMap<Connection, Listening[]>();
  /** Each list of readers that a listener has. */
  readonly #readerLists: Array<readonly Reader[]> = [];
  readonly #call: CallReader = (read, data) => this.read(read, data);
  /** Requests of steps whose reply is an event, by stamp. */
  readonly #expected = new Map<string, OnReading>();

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#deliveries = new Deliveries(context);
    this.known = new KnownMessages(context.payloads, (data, readers) =>
      this.#readAny(data, readers, callDirectly),
    );
  }

  get ledger(): Ledger {
    return this.#deliveries.ledger;
  }

  /** Listens to the events of a target by which messages arrive. */
  listenFor(client: number, connection: Connection, { event, payload }: IncomingEvent): void {
    for (const name of [event].flat()) this.listen(client, connection, name, payload);
  }

  /** Listens to an event once; the first of its readers that finds a stamp reads it. */
  listen(client: number, connection: Connection, event: string, read: Reader = unchanged): void {
    const present = this.#listenersOf(connection).find((listener) => listener.event === event);
    if (present !== undefined) {
      if (!present.readers.includes(read)) present.readers = this.#listOf([...present.readers, read]);
      return;
    }
    const listener = new Listener(this, client, event, this.#listOf([read]));
    this.#listenersOf(connection).push(listener);
    connection.on(
      event,
      (data, arrival) => {
        const receivedNs = this.#context.receipts.at(arrival);
        const reading = this.#readAny(data, listener.readers);
        this.known.learn(event, listener.readers, reading);
        if (!this.#settle(reading, arrival)) this.take(client, reading, receivedNs);
      },
      listener,
    );
  }

  /** Takes a message that was recognized, by readers that read the one from which it is known; false otherwise. */
  takeRecognized(client: number, readers: readonly Reader[], arrival: Arrival): boolean {
    const reading = this.known.readingBy(readers);
    if (reading === null) return false;
    const receivedNs = this.#context.receipts.at(arrival);
    if (!this.#settle(reading, arrival)) this.#deliveries.enter(client, reading, receivedNs);
    return true;
  }

  /** Has `handler` take every event of this name; {@link listen} leaves it alone from now on. */
  claim(connection: Connection, event: string, handler: Handler): void {
    this.#listenersOf(connection).push({ event, readers: [] });
    connection.on(event, handler);
  }

  /** Calls `onReply` for the event with this stamp, which is then no delivery. The returned function stops waiting. */
  expect(stamp: Stamp, onReply: OnReading): () => void {
    const key = keyOf(stamp);
    this.#expected.set(key, onReply);
    return () => void this.#expected.delete(key);
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

  #settle(reading: Reading | null, arrival: ReceiptTime | undefined): boolean {
    if (this.#expected.size === 0 || reading === null || reading.state === 'invented') return false;
    const key = keyOf(reading.stamp);
    const onReply = this.#expected.get(key);
    this.#expected.delete(key);
    onReply?.(reading, arrival);
    return onReply !== undefined;
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

function keyOf({ stream, seq, intendedNs, actualNs }: Stamp): string {
  return `${stream},${seq},${intendedNs},${actualNs}`;
}
