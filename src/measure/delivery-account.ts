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

  /** The numbers below the highest one that have not arrived, in ascending order. */
  get gaps(): readonly SeqRange[] {
    return this.#gaps;
  }

  /** Forgets the older half of the gaps, except for missing first messages. A message that fills one later is a duplicate. */
  forgetOldGaps(): void {
    const from = this.missedFirst > 0 ? 1 : 0;
    this.#gaps.splice(from, (this.#gaps.length - from) >> 1);
  }

  /** The highest number that arrived; -1 for none. */
  get highest(): number {
    return this.#highest;
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
