import type { Clock } from '../measure/clock.ts';
import type { Recorder } from '../measure/recorder.ts';
import type { StampWriter } from '../measure/stamp.ts';
import type { Layout, Stream } from '../scenario.ts';
import type { Mapping } from '../target.ts';
import type { SentOfStream } from './messages.ts';
import { type ClientPool, ReasonCounts } from './pool.ts';

/** Why a message was not sent when its sender had been dropped: the server's doing, not the generator's. */
export const SENDER_GONE = 'the sender was not connected';

export interface SenderOptions {
  readonly clock: Clock;
  readonly pool: ClientPool;
  readonly layout: Layout;
  readonly mapping: Mapping;
  readonly writeStamp: StampWriter;
  readonly recorder: Recorder;
  /** Client numbers of this worker. */
  readonly clients: ReadonlySet<number>;
  /** Connected receivers of each stream, over all workers. */
  readonly audience: readonly number[];
  /** Called with a reply's payload. */
  readonly onReply: (client: number, payload: unknown) => void;
}

/** Counts of one second of the schedule. */
interface Tally {
  intended: number;
  sent: number;
  owed: number;
}

/** Performs a stream's operation when one of its messages is due, and counts what was sent. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #sent: number[];
  readonly #bySecond = new Map<number, Tally>();
  readonly unsent = new ReasonCounts();
  /** After this time a measured message is too late to be sent at all. */
  sendBeforeNs = Number.POSITIVE_INFINITY;
  /** Start of the measured schedule. */
  measureStartNs = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#sent = options.layout.streams.map(() => 0);
  }

  /** Sends message `index` of the schedule if its sender is one of this worker's. */
  send(index: number, intendedNs: number, measured: boolean): void {
    const { layout, clients } = this.#options;
    const streamIndex = index % layout.streams.length;
    const stream = layout.streams[streamIndex];
    if (stream === undefined || !clients.has(stream.sender)) return;
    if (measured) this.#sendMeasured(stream, streamIndex, intendedNs);
    else this.#perform(stream, streamIndex, index, intendedNs, false);
  }

  #sendMeasured(stream: Stream, streamIndex: number, intendedNs: number): void {
    const { clock, audience } = this.#options;
    const tally = this.#tally(Math.floor((intendedNs - this.measureStartNs) / 1e9));
    tally.intended += 1;
    if (clock.nowNs() > this.sendBeforeNs) {
      this.unsent.add('the generator was too late');
      return;
    }
    const seq = this.#sent[streamIndex] ?? 0;
    if (!this.#perform(stream, streamIndex, seq, intendedNs, true)) {
      this.unsent.add(SENDER_GONE);
      return;
    }
    this.#sent[streamIndex] = seq + 1;
    tally.sent += 1;
    tally.owed += audience[streamIndex] ?? 0;
  }

  #perform(stream: Stream, streamIndex: number, seq: number, intendedNs: number, measured: boolean): boolean {
    const { clock, pool, mapping, writeStamp, recorder, onReply } = this.#options;
    const connection = pool.connection(stream.sender);
    if (connection === null) return false;
    const actualNs = clock.nowNs();
    if (measured) recorder.record('send_lag', actualNs - intendedNs);
    const payload = writeStamp({ stream: streamIndex, seq, intendedNs, actualNs, measured });
    const { operation } = stream;
    switch (operation.kind) {
      case 'publish': {
        const { event, data } = mapping.publish(payload, operation.scope, operation.room);
        connection.emit(event, data);
        return true;
      }
      case 'request': {
        const { event, data } = mapping.request(payload);
        connection.request(event, data, (reply) => onReply(stream.sender, reply));
        return true;
      }
      case 'ask-me': {
        const { event, data } = mapping.askMe(payload);
        connection.request(event, data, (reply) => {
          const asked = mapping.askedReply(reply);
          if (asked !== null && measured) recorder.record('ack_server', asked.roundTripNs);
          onReply(stream.sender, asked?.answer);
        });
        return true;
      }
    }
  }

  #tally(second: number): Tally {
    let tally = this.#bySecond.get(second);
    if (tally === undefined) {
      tally = { intended: 0, sent: 0, owed: 0 };
      this.#bySecond.set(second, tally);
    }
    return tally;
  }

  /** Counts by second of the schedule, since the last call. */
  takeBySecond(): Array<[second: number, counts: Readonly<Tally>]> {
    const taken = [...this.#bySecond];
    this.#bySecond.clear();
    return taken;
  }

  /** Measured messages sent so far, by stream. */
  sentByStream(): SentOfStream[] {
    return this.#sent.map((sent, stream) => ({ stream, sent })).filter(({ sent }) => sent > 0);
  }
}
