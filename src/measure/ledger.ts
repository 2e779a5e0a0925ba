/**
 * The first copy in order, the first after one with a higher number, a further copy, one whose payload is not the one
 * that was sent, or one that is not expected.
 */
export type Receipt = 'first' | 'reordered' | 'duplicate' | 'corrupted' | 'unexpected';

/** Numbers of messages, both ends included. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** The gaps of every account that never had one. */
const NO_GAPS: Array<{ from: number; to: number }> = [];

/** Counts the messages of one stream that one receiver got. Memory grows with the number of gaps only. */
export class DeliveryAccount {
  /** Distinct messages that arrived. */
  delivered = 0;
  /** The part of {@link delivered} that took longer than the plan's `lateAfterMs`. */
  late = 0;
  duplicated = 0;
  /** First copies that arrived after one with a higher number. */
  reordered = 0;
  /** Copies whose payload was not the one that was sent. They are not delivered. */
  corrupted = 0;
  #highest: number;
  /** Numbers below the highest that have not arrived, as inclusive ranges in ascending order. */
  #gaps: Array<{ from: number; to: number }> = NO_GAPS;

  /** `arrived` messages have come, one after the other. */
  constructor(arrived = 0) {
    this.delivered = arrived;
    this.#highest = arrived - 1;
  }

  /** Enters message number `seq`, from 0. */
  receive(seq: number): Exclude<Receipt, 'corrupted' | 'unexpected'> {
    if (seq > this.#highest) {
      if (seq > this.#highest + 1) this.#openGap(this.#highest + 1, seq - 1);
      this.#highest = seq;
      this.delivered += 1;
      return 'first';
    }
    if (!this.#fillGap(seq)) {
      this.duplicated += 1;
      return 'duplicate';
    }
    this.reordered += 1;
    this.delivered += 1;
    return 'reordered';
  }

  /** The numbers that arrived, in ascending order. */
  get arrived(): SeqRange[] {
    const starts = [0, ...this.#gaps.map(({ to }) => to + 1)];
    const ends = [...this.#gaps.map(({ from }) => from - 1), this.#highest];
    return starts
      .map((from, place) => ({ from, to: ends[place] ?? -1 }))
      .filter(({ from, to }) => from <= to);
  }

  /** How many messages are missing before the first one that arrived. */
  get missedFirst(): number {
    const [first] = this.#gaps;
    return first?.from === 0 ? first.to + 1 : 0;
  }

  #openGap(from: number, to: number): void {
    if (this.#gaps === NO_GAPS) this.#gaps = [];
    this.#gaps.push({ from, to });
  }

  /** Takes `seq` out of its gap; false when it is in none. */
  #fillGap(seq: number): boolean {
    const at = this.#lastGapFrom(seq);
    const gap = this.#gaps[at];
    if (gap === undefined || gap.to < seq) return false;
    const parts = [
      { from: gap.from, to: seq - 1 },
      { from: seq + 1, to: gap.to },
    ].filter((part) => part.from <= part.to);
    this.#gaps.splice(at, 1, ...parts);
    return true;
  }

  /** The place of the last gap that begins at `seq` or before; -1 for none. A server may repeat old messages at will. */
  #lastGapFrom(seq: number): number {
    let [low, high] = [0, this.#gaps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#gaps[middle]?.from ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

type DeliveryCounts = Readonly<
  Pick<DeliveryAccount, 'delivered' | 'late' | 'duplicated' | 'reordered' | 'corrupted'>
>;

/** One row of the ledger: the messages of one stream that one receiver got. */
export interface AccountRow extends DeliveryCounts {
  /** Client number of the receiver. */
  readonly receiver: number;
  readonly stream: number;
}

/** A receiver that got the messages of a stream from number `count` on. */
export interface MissedFirst {
  readonly receiver: number;
  readonly stream: number;
  readonly count: number;
}

/** The sums over all accounts of a process. */
export interface LedgerTotals extends DeliveryCounts {
  /** Messages that reached a client that does not expect them, or that carry no stamp of this run. */
  readonly unexpected: number;
}

/** The place of an account that has an object of its own. */
const HAS_OBJECT = -1;

/** The accounts of one stream: a number each, while messages come in order and in time. */
class StreamAccounts {
  /** By receiver: how many messages came one after the other, or {@link HAS_OBJECT}. A receiver that expects none has nothing. */
  readonly #arrived: number[] = [];
  readonly #own = new Map<number, DeliveryAccount>();

  open(receiver: number): void {
    this.#arrived[receiver] = 0;
  }

  /** Enters the message that comes next; false for any other. */
  receiveNext(receiver: number, seq: number): boolean {
    if (this.#arrived[receiver] !== seq || seq < 0) return false;
    this.#arrived[receiver] = seq + 1;
    return true;
  }

  /** The account of a message, which has an object of its own from now on; undefined where the message is not expected. */
  of(receiver: number, seq: number): DeliveryAccount | undefined {
    const arrived = this.#arrived[receiver];
    if (arrived === undefined || seq < 0) return undefined;
    const account = this.#own.get(receiver) ?? new DeliveryAccount(arrived);
    if (arrived === HAS_OBJECT) return account;
    this.#own.set(receiver, account);
    this.#arrived[receiver] = HAS_OBJECT;
    return account;
  }

  /** All accounts, by receiver. */
  all(): Array<{ readonly receiver: number; readonly account: DeliveryAccount }> {
    const all: Array<{ readonly receiver: number; readonly account: DeliveryAccount }> = [];
    // forEach leaves out the receivers that expect none.
    this.#arrived.forEach((arrived, receiver) => {
      all.push({ receiver, account: this.#own.get(receiver) ?? new DeliveryAccount(arrived) });
    });
    return all;
  }
}

/** Accounts for the messages that the receivers of one process expect. Open all accounts before the first message. */
export class Ledger {
  /** By stream: most runs have many receivers of few streams. */
  readonly #measured: Array<StreamAccounts | undefined> = [];
  readonly #warmup: Array<StreamAccounts | undefined> = [];
  /** Updated with each message, so that reading them is cheap during a run. */
  readonly #totals = { delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };

  /** Opens the account of `receiver` for `stream`: it expects every message from now on. */
  open(receiver: number, stream: number): void {
    for (const accounts of [this.#measured, this.#warmup]) {
      const opened = accounts[stream] ?? new StreamAccounts();
      accounts[stream] = opened;
      opened.open(receiver);
    }
  }

  /** Enters a message that `receiver` got. A number below 0 is that of no message of the stream. */
  receive(receiver: number, stream: number, seq: number, late: boolean): Receipt {
    const accounts = this.#measured[stream];
    if (!late && accounts?.receiveNext(receiver, seq) === true) {
      this.#totals.delivered += 1;
      return 'first';
    }
    const account = accounts?.of(receiver, seq);
    const receipt = account?.receive(seq) ?? 'unexpected';
    if (receipt === 'duplicate' || receipt === 'unexpected') {
      this.#totals[receipt === 'duplicate' ? 'duplicated' : 'unexpected'] += 1;
      return receipt;
    }
    this.#totals.delivered += 1;
    if (receipt === 'reordered') this.#totals.reordered += 1;
    if (late) this.#totals.late += 1;
    if (late && account !== undefined) account.late += 1;
    return receipt;
  }

  /** Enters a message that `receiver` got with another payload than the one that was sent. */
  receiveCorrupted(receiver: number, stream: number, seq: number): Receipt {
    const account = this.#measured[stream]?.of(receiver, seq);
    if (account === undefined) {
      this.#totals.unexpected += 1;
      return 'unexpected';
    }
    account.corrupted += 1;
    this.#totals.corrupted += 1;
    return 'corrupted';
  }

  /** Tells a copy of a warm-up message from the first one. No warm-up message is in any count. */
  receiveWarmup(receiver: number, stream: number, seq: number): Receipt {
    const accounts = this.#warmup[stream];
    if (accounts?.receiveNext(receiver, seq) === true) return 'first';
    return accounts?.of(receiver, seq)?.receive(seq) ?? 'unexpected';
  }

  /** Enters a message that no client of this run sent to anyone. */
  receiveForeign(): void {
    this.#totals.unexpected += 1;
  }

  /** All accounts, by receiver and then by stream. */
  rows(): AccountRow[] {
    const rows = this.#measured.flatMap((accounts, stream) =>
      (accounts?.all() ?? []).map(({ receiver, account }) => {
        const { delivered, late, duplicated, reordered, corrupted } = account;
        return { receiver, stream, delivered, late, duplicated, reordered, corrupted };
      }),
    );
    return rows.sort((a, b) => a.receiver - b.receiver || a.stream - b.stream);
  }

  /** The receivers that got messages of a stream, and not its first ones. */
  missedFirst(): MissedFirst[] {
    return this.#measured.flatMap((accounts, stream) =>
      (accounts?.all() ?? [])
        .map(({ receiver, account }) => ({ receiver, stream, count: account.missedFirst }))
        .filter(({ count }) => count > 0),
    );
  }

  totals(): LedgerTotals {
    return { ...this.#totals };
  }
}
