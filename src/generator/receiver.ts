import type { IncomingEvent } from '../contract/target.ts';
import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { FanoutParts, FanoutTracker, quietNs } from '../measure/fanout.ts';
import { Ledger } from '../measure/ledger.ts';
import { findStamp, type Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';
import type { Snapshot } from './messages.ts';
import { recordClosed, routeOf, type StreamRoute } from './operations/index.ts';

/** A stamp from further ahead is of another run; one from a little ahead shows a clock fault. */
const AHEAD_NS = 1e9;

const UNKNOWN_ROUTE: StreamRoute = { series: 'delivery', copies: 1, broadcast: null, nodes: null };

/** Takes a payload out of the data of an event. */
type Reader = (data: unknown) => unknown;

const unchanged: Reader = (data) => data;

/** Takes all that clients receive: finds the stamp, times it, enters it in the ledger, adds it to its broadcast. */
export class Receiver {
  readonly ledger = new Ledger();
  readonly #context: WorkerContext;
  readonly #routes: readonly StreamRoute[];
  readonly #fanout: FanoutTracker | null;
  readonly #parts = new FanoutParts();
  /** Stamps of another run lie before this time: every run has a time base of its own. */
  readonly #startedNs: number;
  readonly #readers = new WeakMap<Connection, Map<string, Reader[]>>();
  /** Requests of steps whose reply is an event, by stamp. */
  readonly #expected = new Map<string, () => void>();
  readonly #deliveredBySecond = new Map<number, number>();
  #incomplete: Array<Snapshot['incomplete'][number]> = [];

  constructor(context: WorkerContext) {
    const { clock, plan, layout, recorder, audience, assignment } = context;
    this.#context = context;
    this.#startedNs = clock.nowNs();
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
    connection.on(event, (data) => {
      const receivedNs = this.#context.clock.nowNs();
      const stamp = this.#stampIn(data, list);
      if (!this.#settle(stamp)) this.take(client, stamp, receivedNs);
    });
  }

  /** Has `handler` take every event of this name; {@link listen} leaves it alone from now on. */
  claim(connection: Connection, event: string, handler: (data: unknown) => void): void {
    this.#readersOf(connection).set(event, []);
    connection.on(event, handler);
  }

  /** Calls `onReply` for the event with this stamp, which is then no delivery. The returned function stops waiting. */
  expect(stamp: Stamp, onReply: () => void): () => void {
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

  /** Takes a message with this stamp, or with none: copy number `copy`, from 0, of those that are expected. */
  take(receiver: number, stamp: Stamp | null, receivedNs: number, copy = 0): void {
    const isForeign =
      stamp === null || stamp.intendedNs < this.#startedNs || stamp.intendedNs > receivedNs + AHEAD_NS;
    if (!isForeign) {
      this.takeAnswer(receiver, stamp, receivedNs, copy);
      return;
    }
    this.#context.window.note(receivedNs);
    if (receivedNs >= this.#context.measuring.startNs) this.ledger.receiveForeign();
  }

  /** Takes the answer to a message whose stamp is known without reading it. */
  takeAnswer(receiver: number, stamp: Stamp, receivedNs: number, copy = 0): void {
    const { plan, recorder, window } = this.#context;
    window.note(receivedNs);
    const latencyNs = receivedNs - stamp.intendedNs;
    if (!stamp.measured) {
      recorder.record('warmup', latencyNs);
      return;
    }
    const route = this.#routes[stamp.stream] ?? UNKNOWN_ROUTE;
    const isCopy = Number.isInteger(copy) && copy >= 0 && copy < route.copies;
    const number = isCopy ? stamp.seq * route.copies + copy : -1;
    const isLate = latencyNs > plan.lateAfterMs * 1e6;
    const receipt = this.ledger.receive(receiver, stamp.stream, number, isLate);
    if (receipt === 'duplicate' || receipt === 'unexpected') return;
    this.#record(receiver, stamp, receivedNs, route);
  }

  #record(receiver: number, stamp: Stamp, receivedNs: number, route: StreamRoute): void {
    const { plan, recorder, audience, measuring } = this.#context;
    const { stream, seq, intendedNs, actualNs } = stamp;
    const latencyNs = receivedNs - intendedNs;
    recorder.record(route.series, latencyNs);
    if (route.series === plan.headline) recorder.record(`${route.series}_actual`, receivedNs - actualNs);
    if (route.broadcast !== null) (this.#fanout ?? this.#parts).add(stream, seq, latencyNs, receivedNs);
    const isSame = route.nodes === null ? null : audience.isSameNode(stream, receiver);
    if (isSame !== null && route.nodes !== null) {
      recorder.record(isSame ? route.nodes.sameNode : route.nodes.crossNode, latencyNs);
    }
    const second = Math.floor((intendedNs - measuring.startNs) / 1e9);
    this.#deliveredBySecond.set(second, (this.#deliveredBySecond.get(second) ?? 0) + 1);
  }

  /** Notes a reply that goes to a step: handling it takes time of the event loop. */
  noteReceived(): void {
    const { window, clock } = this.#context;
    window.note(clock.nowNs());
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
  #stampIn(data: unknown, readers: readonly Reader[]): Stamp | null {
    for (const read of readers) {
      const stamp = findStamp(this.read(read, data));
      if (stamp !== null) return stamp;
    }
    return null;
  }

  #settle(stamp: Stamp | null): boolean {
    if (stamp === null || this.#expected.size === 0) return false;
    const key = keyOf(stamp);
    const onReply = this.#expected.get(key);
    this.#expected.delete(key);
    onReply?.();
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
