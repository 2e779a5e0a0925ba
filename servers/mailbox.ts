/** Messages that a poll brings, and the number of the last one that the client has then. */
export interface Batch {
  readonly last: number;
  readonly messages: readonly string[];
}

/** A poll that waits for a message. */
interface Waiting {
  readonly answer: (batch: Batch) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * What is to be sent to one client that polls, in order. Messages are numbered from 1, and each stays here until
 * the client has said that it has it: an answer that got lost on its way is given again.
 */
export class Mailbox {
  #messages: string[] = [];
  /** Number of the last message that the client is known to have. */
  #taken = 0;
  #waiting: Waiting | null = null;
  readonly #nowMs: () => number;
  #lastSignMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lastSignMs = nowMs();
  }

  put(message: string): void {
    this.#messages.push(message);
    this.#answerWaiting();
  }

  /**
   * Asks for everything after message `after`. Answered at once when there is something, else with the first
   * message, but after `waitMs` with none at the latest. A poll that waits is answered when another one comes.
   * Throws a RangeError for an `after` that cannot be.
   */
  poll(after: number, waitMs: number, answer: (batch: Batch) => void): void {
    const newlyTaken = after - this.#taken;
    if (!Number.isInteger(newlyTaken) || newlyTaken < 0 || newlyTaken > this.#messages.length) {
      throw new RangeError(`there is no message ${after} after which to continue`);
    }
    this.#answerWaiting();
    this.#lastSignMs = this.#nowMs();
    this.#taken = after;
    this.#messages = this.#messages.slice(newlyTaken);
    if (this.#messages.length > 0 || !(waitMs > 0)) {
      answer(this.#batch());
      return;
    }
    this.#waiting = { answer, timer: setTimeout(() => this.#answerWaiting(), waitMs) };
  }

  /** Forgets the poll that would have been answered by `answer`: nobody waits for it any more. */
  cancel(answer: (batch: Batch) => void): void {
    if (this.#waiting?.answer !== answer) return;
    clearTimeout(this.#waiting.timer);
    this.#waiting = null;
    this.#lastSignMs = this.#nowMs();
  }

  /** Answers a poll that waits: no more is to come. */
  close(): void {
    this.#answerWaiting();
  }

  /** Time since the client's last poll was answered; 0 while one waits. */
  silentMs(): number {
    return this.#waiting === null ? this.#nowMs() - this.#lastSignMs : 0;
  }

  #answerWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.cancel(waiting.answer);
    waiting.answer(this.#batch());
  }

  #batch(): Batch {
    return { last: this.#taken + this.#messages.length, messages: [...this.#messages] };
  }
}
