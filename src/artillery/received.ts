import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { judgeReply } from '../generator/replies.ts';
import { DeliveryAccount } from '../measure/delivery-account.ts';
import { FanoutParts } from '../measure/fanout-parts.ts';
import type { LedgerTotals } from '../measure/ledger.ts';
import type { Reading } from '../measure/payload.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { ReceivedPart } from './channel.ts';
import type { ThreadParts } from './thread-parts.ts';

/** Why a received message is unexpected, as reports say it. */
export const UNEXPECTED_IN_FLOW = {
  unreadable: 'without a readable timestamp',
  invented: 'with a number, time or stream that was not sent in this run',
  otherRequest: 'in reply to another request',
  elsewhere: 'sent to other clients',
} as const;

/** Takes what the users of one thread receive. Which of it was expected is known when all threads have reported. */
export class ThreadReceiver {
  readonly #parts: ThreadParts;
  readonly #accounts = new Map<number, Map<number, DeliveryAccount>>();
  readonly #totals = { delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };
  readonly broadcasts = new FanoutParts();

  constructor(parts: ThreadParts) {
    this.#parts = parts;
  }

  /** Listens to the events by which published messages arrive. */
  listen(client: number, connection: Connection): void {
    const { target, clock, payloads } = this.#parts;
    const { delivery } = target.mapping;
    if (delivery === undefined) return;
    const { event, payload } = delivery;
    for (const name of [event].flat()) {
      connection.on(name, (data) => {
        const receivedNs = clock.nowNs();
        const reading =
          payload === undefined ? payloads.search(data) : payloads.read(this.#read(payload, data));
        if (reading === null) this.#takeUnexpected('unreadable', receivedNs);
        else if (reading.state === 'invented') this.#takeUnexpected('invented', receivedNs);
        else this.#take(client, reading, receivedNs, 'delivery');
      });
    }
  }

  /** Reads the reply to a request with `stamp`. Returns whether it is the reply to it. */
  takeReply(client: number, stamp: Stamp, reply: unknown, event: string, receivedNs: number): boolean {
    const { target, payloads } = this.#parts;
    const answer = judgeReply(reply, event, target.mapping, payloads);
    if (answer.kind === 'rejected') {
      this.#parts.failed.add(`rejected: ${answer.reason}`);
      return false;
    }
    // An acknowledgement belongs to its request, so it need not hold the payload unless the target says where.
    const own: Reading | null = answer.mayLackPayload ? { stamp, state: 'intact' } : null;
    const given = answer.reading ?? own;
    if (given === null) {
      this.#takeUnexpected('unreadable', receivedNs);
      return false;
    }
    const { stream, seq } = given.stamp;
    if (given.state === 'invented' || stream !== stamp.stream || seq !== stamp.seq) {
      this.#takeUnexpected('otherRequest', receivedNs);
      return false;
    }
    this.#take(client, { stamp, state: given.state }, receivedNs, 'ack');
    return given.state === 'intact';
  }

  /** Reads by a function of the target; one that throws is counted. */
  #read(read: (data: unknown) => unknown, data: unknown): unknown {
    try {
      return read(data);
    } catch (error) {
      this.#parts.failed.add(messageOf(error));
      return undefined;
    }
  }

  #takeUnexpected(why: keyof typeof UNEXPECTED_IN_FLOW, receivedNs: number): void {
    const { window, unexpected } = this.#parts;
    window.note(receivedNs);
    this.#totals.unexpected += 1;
    unexpected.add(UNEXPECTED_IN_FLOW[why]);
  }

  #take(client: number, { stamp, state }: Reading, receivedNs: number, series: 'delivery' | 'ack'): void {
    const { plan, recorder, window } = this.#parts;
    const { stream, seq, intendedNs, actualNs, measured } = stamp;
    window.note(receivedNs);
    if (!measured) {
      recorder.record('warmup', receivedNs - intendedNs);
      return;
    }
    this.#parts.phase.isMeasured = true;
    const account = this.#accountOf(client, stream);
    if (state === 'corrupted') {
      account.corrupted += 1;
      this.#totals.corrupted += 1;
      return;
    }
    const receipt = account.receive(seq);
    if (receipt === 'duplicate') {
      this.#totals.duplicated += 1;
      return;
    }
    this.#totals.delivered += 1;
    if (receipt === 'reordered') this.#totals.reordered += 1;
    const latencyNs = receivedNs - intendedNs;
    if (latencyNs > plan.lateAfterMs * 1e6) {
      account.late += 1;
      this.#totals.late += 1;
    }
    recorder.record(series, latencyNs);
    if (series === plan.headline || series === 'ack')
      recorder.record(`${series}_actual`, receivedNs - actualNs);
    if (series === 'delivery') this.broadcasts.add(stream, seq, latencyNs, receivedNs, client);
  }

  #accountOf(client: number, stream: number): DeliveryAccount {
    let accounts = this.#accounts.get(client);
    if (accounts === undefined) {
      accounts = new Map();
      this.#accounts.set(client, accounts);
    }
    let account = accounts.get(stream);
    if (account === undefined) {
      account = new DeliveryAccount();
      accounts.set(stream, account);
    }
    return account;
  }

  totals(): LedgerTotals {
    return { ...this.#totals };
  }

  received(): ReceivedPart[] {
    return [...this.#accounts].flatMap(([receiver, accounts]) =>
      [...accounts].map(([stream, { arrived, late, duplicated, reordered, corrupted }]) => ({
        receiver,
        stream,
        ranges: arrived,
        late,
        duplicated,
        reordered,
        corrupted,
      })),
    );
  }
}
