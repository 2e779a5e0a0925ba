import type { IncomingEvent } from '../contract/target.ts';
import type { Connection, Handler } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { FanoutParts, FanoutTracker, quietNs } from '../measure/fanout.ts';
import { Ledger } from '../measure/ledger.ts';
import type { Reading } from '../measure/payload.ts';
import type { ReceiptTime } from '../measure/receipts.ts';
import type { Recorder } from '../measure/recorder.ts';
import { acrossHosts } from '../measure/series.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';
import type { ShardClock, Snapshot } from './messages.ts';
import { recordClosed, routeOf, type StreamRoute } from './operations/index.ts';

/** Why a received message is unexpected, as reports say it. */
export const UNEXPECTED = {
  unreadable: 'without a readable timestamp',
  invented: 'with a number, time or stream that was not sent in this run',
  elsewhere: 'sent to other clients',
  notRequested: 'with the number of a reply that was not requested',
  otherRequest: 'in reply to another request',
  warmup: 'of the warm-up, received again',
} as const;

/** How a latency is recorded, by what is known of the sender's clock. The error of a comparison may make it negative. */
const RECORD_BY_CLOCK: Readonly<
  Record<ShardClock['kind'], (recorder: Recorder, series: string, latencyNs: number) => void>
> = {
  same: (recorder, series, latencyNs) => recorder.record(series, latencyNs),
  other: (recorder, series, latencyNs) => recorder.record(acrossHosts(series), Math.max(0, latencyNs)),
  unknown: () => {},
};

const UNKNOWN_ROUTE: StreamRoute = { series: 'delivery', copies: 1, broadcast: null, nodes: null };

/** Takes a payload out of the data of an event. */
type Reader = (data: unknown) => unknown;

/** Takes a message that a step waits for. */
type OnReading = (reading: Reading, arrival: ReceiptTime | undefined) => void;

/** Leaves the payload to be searched in all of the data. */
const unchanged: Reader = (data) => data;

/** Takes all that clients receive: finds the stamp, times it, enters it in the ledger, adds it to its broadcast. */
export class Receiver {
  readonly ledger = new Ledger();
  readonly #context: WorkerContext;
  readonly #routes: readonly StreamRoute[];
  readonly #fanout: FanoutTracker | null;
  readonly #parts = new FanoutParts();
  readonly #readers = new WeakMap<Connection, Map<string, Reader[]>>();
  /** Requests of steps whose reply is an event, by stamp. */
  readonly #expected = new Map<string, OnReading>();
  readonly #deliveredBySecond = new Map<number, number>();
  #incomplete: Array<Snapshot['incomplete'][number]> = [];

  constructor(context: WorkerContext) {
    const { plan, layout, recorder, audience, assignment } = context;
    this.#context = context;
    this.#routes = layout.streams.map((stream) => routeOf(stream, plan.headline));
    this.#fanout = assignment.fanoutIsSplit
      ? null
      : new FanoutTracker({
          expected: (stream) => audience.local(stream),
          quietNs: quietNs(plan.drainMs),
          onClosed: (broadcast) => {
            if (broadcast.reached < broadcast.expected) this.#incomplete.push(broadcast);
            else recordClosed(layout, recorder, broadcast);
          },
        });
  }

  /** Listens to the events of a target by which messages arrive. */
  listenFor(client: number, connection: Connection, { event, payload }: IncomingEvent): void {
    for (const name of [event].flat()) this.listen(client, connection, name, payload);
  }

  /** Listens to an event once; the first of its readers that finds a stamp reads it. */
  listen(client: number, connection: Connection, event: string, read: Reader = unchanged): void {
    const readers = this.#readersOf(connection);
    const known = readers.get(event);
    if (known !== undefined) {
      if (!known.includes(read)) known.push(read);
      return;
    }
    const list = [read];
    readers.set(event, list);
    connection.on(event, (data, arrival) => {
      const receivedNs = this.#context.receipts.at(arrival);
      const reading = this.#readAny(data, list);
      if (!this.#settle(reading, arrival)) this.take(client, reading, receivedNs);
    });
  }

  /** Has `handler` take every event of this name; {@link listen} leaves it alone from now on. */
  claim(connection: Connection, event: string, handler: Handler): void {
    this.#readersOf(connection).set(event, []);
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
    else this.#enter(receiver, reading, receivedNs, copy);
  }

  /** Takes the answer to a message whose stamp is known without reading it. */
  takeAnswer(receiver: number, stamp: Stamp, receivedNs: number, copy = 0): void {
    this.#enter(receiver, { stamp, state: 'intact' }, receivedNs, copy);
  }

  /** Takes a message that belongs to no message of this run. None of its numbers is used. */
  takeUnexpected(why: keyof typeof UNEXPECTED, receivedNs: number): void {
    const { receipts, measuring, unexpected } = this.#context;
    receipts.note(receivedNs);
    if (receivedNs < measuring.startNs) return;
    this.ledger.receiveForeign();
    unexpected.add(UNEXPECTED[why]);
  }

  #enter(receiver: number, reading: Reading, receivedNs: number, copy: number): void {
    const { stream, seq, measured } = reading.stamp;
    const { copies } = this.#routes[stream] ?? UNKNOWN_ROUTE;
    const isCopy = Number.isInteger(copy) && copy >= 0 && copy < copies;
    const number = isCopy ? seq * copies + copy : -1;
    if (measured) this.#enterMeasured(receiver, reading, receivedNs, number);
    else this.#enterWarmup(receiver, reading.stamp, receivedNs, number);
  }

  /** Warm-up messages are not accounted for, but a server that sends one again sends something unexpected. */
  #enterWarmup(receiver: number, { stream, intendedNs }: Stamp, receivedNs: number, number: number): void {
    const { recorder, receipts, measuring, senderClocks } = this.#context;
    const receipt = this.ledger.receiveWarmup(receiver, stream, number);
    if (receipt === 'duplicate' && receivedNs >= measuring.startNs) {
      this.takeUnexpected('warmup', receivedNs);
      return;
    }
    receipts.note(receivedNs);
    if (senderClocks.of(stream).kind === 'same') recorder.record('warmup', receivedNs - intendedNs);
  }

  #enterMeasured(receiver: number, { stamp, state }: Reading, receivedNs: number, number: number): void {
    const { plan, receipts, unexpected, senderClocks } = this.#context;
    receipts.note(receivedNs);
    const { kind, aheadNs } = senderClocks.of(stamp.stream);
    const isLate = kind !== 'unknown' && receivedNs - (stamp.intendedNs - aheadNs) > plan.lateAfterMs * 1e6;
    const receipt =
      state === 'corrupted'
        ? this.ledger.receiveCorrupted(receiver, stamp.stream, number)
        : this.ledger.receive(receiver, stamp.stream, number, isLate);
    if (receipt === 'unexpected') unexpected.add(number < 0 ? UNEXPECTED.notRequested : UNEXPECTED.elsewhere);
    if (receipt === 'first' || receipt === 'reordered') this.#record(receiver, stamp, receivedNs);
  }

  #record(receiver: number, stamp: Stamp, receivedNs: number): void {
    const { plan, recorder, audience, measuring, senderClocks } = this.#context;
    const { stream, seq } = stamp;
    const route = this.#routes[stream] ?? UNKNOWN_ROUTE;
    const { kind, aheadNs } = senderClocks.of(stream);
    // Where the sender's clock is unknown, the message is counted and not timed.
    const dueNs = kind === 'unknown' ? receivedNs : stamp.intendedNs - aheadNs;
    const latencyNs = kind === 'unknown' ? Number.NaN : receivedNs - dueNs;
    const record = RECORD_BY_CLOCK[kind];
    record(recorder, route.series, latencyNs);
    if (route.series === plan.headline)
      record(recorder, `${route.series}_actual`, latencyNs + stamp.intendedNs - stamp.actualNs);
    if (route.broadcast !== null) (this.#fanout ?? this.#parts).add(stream, seq, latencyNs, receivedNs);
    const isSame = route.nodes === null ? null : audience.isSameNode(stream, receiver);
    if (isSame !== null && route.nodes !== null) {
      record(recorder, isSame ? route.nodes.sameNode : route.nodes.crossNode, latencyNs);
    }
    const second = Math.max(0, Math.floor((dueNs - measuring.startNs) / 1e9));
    this.#deliveredBySecond.set(second, (this.#deliveredBySecond.get(second) ?? 0) + 1);
  }

  /** What was received since the last call. With `isLast`, broadcasts that are still open are closed. */
  takeReport(isLast = false): Pick<Snapshot, 'totals' | 'broadcasts' | 'incomplete' | 'bySecond'> {
    if (isLast) this.#fanout?.closeAll();
    else this.#fanout?.closeQuiet(this.#context.clock.nowNs());
    const incomplete = this.#incomplete;
    this.#incomplete = [];
    const none = { intended: 0, sent: 0, expected: 0 };
    const bySecond = [...this.#deliveredBySecond].map(([second, delivered]) => ({
      second,
      ...none,
      delivered,
    }));
    this.#deliveredBySecond.clear();
    return { totals: this.ledger.totals(), broadcasts: this.#parts.take(), incomplete, bySecond };
  }

  /** Each payload is searched once, by one reader after the other until there is a stamp. */
  #readAny(data: unknown, readers: readonly Reader[]): Reading | null {
    for (const read of readers) {
      const reading = this.readPayload(data, read);
      if (reading !== null) return reading;
    }
    return null;
  }

  /** Reads the payload that `read` takes out of data; without it, searches the data for one. */
  readPayload(data: unknown, read: Reader = unchanged): Reading | null {
    const { payloads } = this.#context;
    return read === unchanged ? payloads.search(data) : payloads.read(this.read(read, data));
  }

  #settle(reading: Reading | null, arrival: ReceiptTime | undefined): boolean {
    if (this.#expected.size === 0 || reading === null || reading.state === 'invented') return false;
    const key = keyOf(reading.stamp);
    const onReply = this.#expected.get(key);
    this.#expected.delete(key);
    onReply?.(reading, arrival);
    return onReply !== undefined;
  }

  #readersOf(connection: Connection): Map<string, Reader[]> {
    const readers = this.#readers.get(connection) ?? new Map<string, Reader[]>();
    this.#readers.set(connection, readers);
    return readers;
  }
}

function keyOf({ stream, seq, intendedNs, actualNs }: Stamp): string {
  return `${stream},${seq},${intendedNs},${actualNs}`;
}
