import { setTimeout as delay } from 'node:timers/promises';
import type { Payload } from '../contract/protocol.ts';
import type { OwnConnection, Scope, User } from '../contract/scenario.ts';
import type { Client } from '../contract/target.ts';
import type { Connection } from '../drivers/driver.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { OpenedConnection } from './pool.ts';

/** What a visit needs of the shard that it runs in. */
export interface Iteration {
  readonly client: Client;
  readonly options: User['options'];
  /** Stream, intended time and number of this visit. */
  readonly stamp: Stamp;
  readonly connection: Connection;
  readonly timeoutMs: number;
  readonly nowNs: () => number;
  /** Notes that a reply came: handling it takes the event loop's time. */
  readonly noteReceived: () => void;
  /** Notes by how much a step came late that was due at some time. */
  readonly noteLag: (lagNs: number) => void;
  readonly record: (series: string, valueNs: number) => void;
  /** Sends a stamped message of this visit's stream that was due at `intendedNs`, and returns it. */
  readonly publish: (intendedNs: number, scope: Scope, room: string | null) => Payload;
  /** Sends a stamped request; `onReply` is called once, or never. */
  readonly request: (connection: Connection, intendedNs: number, onReply: () => void) => void;
  readonly open: () => Promise<OpenedConnection>;
}

/** One user in the middle of its steps: what a scenario's `steps` are given. */
export class IteratingUser implements User {
  readonly #iteration: Iteration;
  readonly #opened: OpenedConnection[] = [];
  readonly #waits = new Set<string>();
  /** When the next step was due; null for at once. */
  #dueNs: number | null;
  #hasLeft = false;

  constructor(iteration: Iteration) {
    this.#iteration = iteration;
    this.#dueNs = iteration.stamp.intendedNs;
  }

  get client(): Client {
    return this.#iteration.client;
  }

  get options(): User['options'] {
    return this.#iteration.options;
  }

  /** What has not come yet, in the words of an error; null when nothing is waited for. */
  get waitsFor(): string | null {
    const [first] = this.#waits;
    return first ?? null;
  }

  get iteration(): number {
    return this.#iteration.stamp.seq;
  }

  publish(scope: Scope, room: string | null = null): Payload {
    return this.#iteration.publish(this.#takeDueNs(), scope, room);
  }

  request(): Promise<void> {
    return this.#requestOver(this.#iteration.connection, 'ack');
  }

  emit(event: string, data?: unknown): void {
    this.#takeDueNs();
    this.#iteration.connection.emit(event, data);
  }

  call(event: string, data?: unknown): Promise<unknown> {
    this.#takeDueNs();
    return this.#within(
      `no acknowledgement of ${event}`,
      new Promise((resolve) => {
        this.#iteration.connection.request(event, data, (reply) => {
          this.#iteration.noteReceived();
          resolve(reply);
        });
      }),
    );
  }

  next(event: string, isMeant: (data: unknown) => boolean = () => true): Promise<unknown> {
    return mayBeLeft(this.#next(event, isMeant));
  }

  async #next(event: string, isMeant: (data: unknown) => boolean): Promise<unknown> {
    let isOver = false;
    const arrived = new Promise((resolve, reject) => {
      const wait = () => this.#iteration.connection.once(event, take);
      const take = (data: unknown) => {
        if (isOver) return;
        try {
          if (isMeant(data)) resolve(data);
          else wait();
        } catch (error) {
          reject(error);
        }
      };
      wait();
    });
    try {
      return await this.#within(`no event ${event}`, arrived);
    } finally {
      isOver = true;
      // What was waited for sets the time of what comes next.
      this.#dueNs = null;
    }
  }

  async think(durationMs: number): Promise<void> {
    const dueNs = this.#iteration.nowNs() + durationMs * 1e6;
    await delay(durationMs);
    const nowNs = this.#iteration.nowNs();
    // Timers may fire up to a millisecond early: then the next step is due when it happens.
    this.#dueNs = Math.min(dueNs, nowNs);
    this.#iteration.noteLag(nowNs - this.#dueNs);
  }

  time<R>(series: string, work: () => Promise<R>): Promise<R> {
    return mayBeLeft(this.#time(series, work));
  }

  async #time<R>(series: string, work: () => Promise<R>): Promise<R> {
    const startNs = this.#takeDueNs();
    // What the work begins with was due with it.
    this.#dueNs = startNs;
    const begun = work();
    this.#dueNs = null;
    const result = await begun;
    this.record(series, this.#iteration.nowNs() - startNs);
    return result;
  }

  record(series: string, valueNs: number): void {
    this.#iteration.record(series, valueNs);
  }

  open(): Promise<OwnConnection> {
    return mayBeLeft(this.#open());
  }

  async #open(): Promise<OwnConnection> {
    const opened = await this.#iteration.open();
    this.#opened.push(opened);
    // It was left behind while it opened.
    if (this.#hasLeft) await opened.connection.close();
    return {
      upgraded: this.#within('no upgrade to WebSocket', opened.upgraded),
      request: (series) => this.#requestOver(opened.connection, series),
    };
  }

  /** Closes what this visit opened. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    await Promise.all(this.#opened.map(({ connection }) => connection.close()));
  }

  #requestOver(connection: Connection, series: string): Promise<void> {
    return mayBeLeft(this.#requestAndRecord(connection, series));
  }

  async #requestAndRecord(connection: Connection, series: string): Promise<void> {
    const intendedNs = this.#takeDueNs();
    const actualNs = this.#iteration.nowNs();
    await this.#within(
      'no reply to a request',
      new Promise<void>((resolve) => {
        this.#iteration.request(connection, intendedNs, () => {
          this.#iteration.noteReceived();
          resolve();
        });
      }),
    );
    const nowNs = this.#iteration.nowNs();
    this.record(series, nowNs - intendedNs);
    if (series === 'ack') this.record('ack_actual', nowNs - actualNs);
  }

  /** When what happens now should have happened. */
  #takeDueNs(): number {
    const dueNs = this.#dueNs ?? this.#iteration.nowNs();
    this.#dueNs = null;
    return dueNs;
  }

  #within<T>(problem: string, work: Promise<T>): Promise<T> {
    return mayBeLeft(this.#race(problem, work));
  }

  async #race<T>(problem: string, work: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#iteration;
    const abort = new AbortController();
    this.#waits.add(problem);
    const late = delay(timeoutMs, null, { signal: abort.signal, ref: false }).then(
      () => {
        throw new Error(`${problem} within ${timeoutMs / 1000} s`);
      },
      // Aborted: the work was done in time.
      () => work,
    );
    try {
      return await Promise.race([work, late]);
    } finally {
      abort.abort();
      this.#waits.delete(problem);
    }
  }
}

/**
 * A promise that nobody need wait for: where one step fails, those that were begun beside it are left behind, and
 * Node would end the process when they fail too.
 */
function mayBeLeft<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
