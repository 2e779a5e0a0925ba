import { DeliveryAccount, type Receipt } from './delivery-account.ts';

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

/** What a receiver has not got of a stream, as far as its own process knows: not how many were sent. */
export interface MissingOfAccount {
  readonly receiver: number;
  readonly stream: number;
  /** Numbers that have not arrived, as pairs of a first and a last one, both included. */
  readonly gaps: Float64Array;
  /** The first number after all that arrived. */
  readonly next: number;
}

/** The sums over all accounts of a process. */
export interface LedgerTotals extends DeliveryCounts {
  /** Messages that reached a client that does not expect them, or that carry no stamp of this run. */
  readonly unexpected: number;
}

/** Gaps of all accounts of a process that are remembered, about 48 bytes each. */
export const MAX_GAPS = 2 ** 16;

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

  has(receiver: number): boolean {
    return this.#arrived[receiver] !== undefined;
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

  forgetOldGaps(): void {
    for (const account of this.#own.values()) account.forgetOldGaps();
  }

  get gaps(): number {
    return [...this.#own.values()].reduce((sum, { gaps }) => sum + gaps.length, 0);
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
  readonly #maxGaps: number;
  /** Gaps of the measured streams that are remembered. */
  #gaps = 0;
  /** Gaps that were forgotten: whether their messages arrive later is unknown. */
  forgottenGaps = 0;

  constructor(maxGaps = MAX_GAPS) {
    this.#maxGaps = maxGaps;
  }

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
    const receipt = account === undefined ? 'unexpected' : this.#receiveInto(account, seq);
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

  #receiveInto(account: DeliveryAccount, seq: number): Receipt {
    const before = account.gaps.length;
    const receipt = account.receive(seq);
    this.#gaps += account.gaps.length - before;
    if (this.#gaps > this.#maxGaps) this.#forgetOldGaps();
    return receipt;
  }

  /** Forgets about half of all gaps, so that a server that loses messages all the time takes no more memory. */
  #forgetOldGaps(): void {
    const before = this.#gaps;
    for (const accounts of this.#measured) accounts?.forgetOldGaps();
    this.#gaps = this.#measured.reduce((sum, accounts) => sum + (accounts?.gaps ?? 0), 0);
    this.forgottenGaps += before - this.#gaps;
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

  /** Whether `receiver` expects the messages of a stream. */
  expects(receiver: number, stream: number): boolean {
    return this.#measured[stream]?.has(receiver) === true;
  }

  /** What some receivers have not got of their streams. */
  missingOf(receivers: ReadonlySet<number>): MissingOfAccount[] {
    return this.#measured.flatMap((accounts, stream) =>
      (accounts?.all() ?? [])
        .filter(({ receiver }) => receivers.has(receiver))
        .map(({ receiver, account }) => {
          const gaps = Float64Array.from(account.gaps.flatMap(({ from, to }) => [from, to]));
          return { receiver, stream, gaps, next: account.highest + 1 };
        }),
    );
  }

  totals(): LedgerTotals {
    return { ...this.#totals };
  }
}
