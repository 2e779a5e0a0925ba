/** The answer to a poll: its messages, and the number of the last one. */
export interface Batch {
  readonly last: number;
  readonly messages: readonly string[];
}

/** A poll that waits for a message. */
interface WaitingPoll {
  readonly answer: (batch: Batch) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The messages for one polling client, in order. Messages are numbered from 1, and each is kept until the client
 * confirms it, so that a lost answer is sent again.
 */
export class Mailbox {
  #messages: string[] = [];
  /** Number of the last message that the client confirmed. */
  #confirmed = 0;
  #waiting: WaitingPoll | null = null;
  readonly #nowMs: () => number;
  #lastPollMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lastPollMs = nowMs();
  }

  put(message: string): void {
    this.#messages.push(message);
    this.#answerWaiting();
  }

  /**
   * Calls `answer` with all messages after message `after`: at once when there are any, otherwise with the first one,
   * or with none after `waitMs`. A new poll answers the one that waits. Throws a RangeError for an impossible `after`.
   */
  poll(after: number, waitMs: number, answer: (batch: Batch) => void): void {
    const newlyConfirmed = after - this.#confirmed;
    if (!Number.isInteger(newlyConfirmed) || newlyConfirmed < 0 || newlyConfirmed > this.#messages.length) {
      throw new RangeError(`no message has number ${after}`);
    }
    this.#answerWaiting();
    this.#lastPollMs = this.#nowMs();
    this.#confirmed = after;
    this.#messages = this.#messages.slice(newlyConfirmed);
    if (this.#messages.length > 0 || !(waitMs > 0)) {
      answer(this.#batch());
      return;
    }
    this.#waiting = { answer, timer: setTimeout(() => this.#answerWaiting(), waitMs) };
  }

  /** Discards the poll with this `answer`, whose request was closed. */
  cancel(answer: (batch: Batch) => void): void {
    if (this.#waiting?.answer !== answer) return;
    clearTimeout(this.#waiting.timer);
    this.#waiting = null;
    this.#lastPollMs = this.#nowMs();
  }

  /** Answers a waiting poll; no message follows. */
  close(): void {
    this.#answerWaiting();
  }

  /** Time since the client's last poll was answered, in ms; 0 while one waits. */
  silentMs(): number {
    return this.#waiting === null ? this.#nowMs() - this.#lastPollMs : 0;
  }

  #answerWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.cancel(waiting.answer);
    waiting.answer(this.#batch());
  }

  #batch(): Batch {
    return { last: this.#confirmed + this.#messages.length, messages: [...this.#messages] };
  }
}
