import type { Payload } from '../contract/protocol.ts';
import type { OwnConnection, Scope, User } from '../contract/scenario.ts';
import type { Client } from '../contract/target.ts';
import type { Connection } from '../drivers/driver.ts';
import type { Clock } from '../measure/clock.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { Timers } from '../measure/timers.ts';
import type { OpenedConnection } from './pool.ts';

/** What an iteration uses of the worker that it runs in. */
export interface Iteration {
  readonly client: Client;
  readonly options: User['options'];
  /** Stream, intended time and number of this iteration. */
  readonly stamp: Stamp;
  readonly connection: Connection;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Notes that a reply came: handling it takes time of the event loop. */
  readonly noteReceived: () => void;
  /** Notes by how much a step was later than it was due. */
  readonly noteLag: (lagNs: number) => void;
  readonly record: (series: string, valueNs: number) => void;
  /** Sends a stamped message of this iteration's stream that was due at `intendedNs`, and returns it. */
  readonly publish: (intendedNs: number, scope: Scope, room: string | null) => Payload;
  /** Sends a stamped request; `onReply` is called once, or never. The returned function stops waiting. */
  readonly request: (connection: Connection, intendedNs: number, onReply: () => void) => () => void;
  readonly open: () => Promise<OpenedConnection>;
}

/** One user during an iteration: the argument of a scenario's `steps`. */
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

  /** What it waits for, as an error says it; null when it waits for nothing. */
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
    return mayBeLeft(async () => {
      const arrived = Promise.withResolvers<unknown>();
      const stop = this.#iteration.connection.on(event, (data) => {
        try {
          if (!isMeant(data)) return;
          arrived.resolve(data);
        } catch (error) {
          arrived.reject(error);
        }
        stop();
      });
      try {
        return await this.#within(`no event ${event}`, arrived.promise);
      } finally {
        stop();
        // What was waited for sets the time of the next step.
        this.#dueNs = null;
      }
    });
  }

  async think(durationMs: number): Promise<void> {
    const dueNs = this.#iteration.clock.nowNs() + durationMs * 1e6;
    await this.#iteration.timers.sleep(durationMs);
    const nowNs = this.#iteration.clock.nowNs();
    // A timer may fire up to a millisecond early. The next step is then due when it happens.
    this.#dueNs = Math.min(dueNs, nowNs);
    this.#iteration.noteLag(nowNs - this.#dueNs);
  }

  time<R>(series: string, work: () => Promise<R>): Promise<R> {
    return mayBeLeft(async () => {
      const startNs = this.#takeDueNs();
      // The first step of the work was due with it.
      this.#dueNs = startNs;
      const begun = work();
      this.#dueNs = null;
      const result = await begun;
      this.record(series, this.#iteration.clock.nowNs() - startNs);
      return result;
    });
  }

  record(series: string, valueNs: number): void {
    this.#iteration.record(series, valueNs);
  }

  open(): Promise<OwnConnection> {
    return mayBeLeft(async () => {
      const opened = await this.#iteration.open();
      this.#opened.push(opened);
      // The iteration ended while it opened.
      if (this.#hasLeft) await opened.connection.close();
      return {
        upgraded: this.#within('no upgrade to WebSocket', opened.upgraded),
        request: (series) => this.#requestOver(opened.connection, series),
      };
    });
  }

  /** Closes what this iteration opened. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    await Promise.all(this.#opened.map(({ connection }) => connection.close()));
  }

  #requestOver(connection: Connection, series: string): Promise<void> {
    return mayBeLeft(async () => {
      const { clock, request, noteReceived } = this.#iteration;
      const intendedNs = this.#takeDueNs();
      const actualNs = clock.nowNs();
      const replied = Promise.withResolvers<void>();
      const stop = request(connection, intendedNs, () => {
        noteReceived();
        replied.resolve();
      });
      await this.#within('no reply to a request', replied.promise).finally(stop);
      const nowNs = clock.nowNs();
      this.record(series, nowNs - intendedNs);
      if (series === 'ack') this.record('ack_actual', nowNs - actualNs);
    });
  }

  /** When the step that happens now was due. */
  #takeDueNs(): number {
    const dueNs = this.#dueNs ?? this.#iteration.clock.nowNs();
    this.#dueNs = null;
    return dueNs;
  }

  #within<T>(problem: string, work: Promise<T>): Promise<T> {
    return mayBeLeft(async () => {
      const { timeoutMs, timers } = this.#iteration;
      const late = Promise.withResolvers<never>();
      const cancel = timers.after(timeoutMs, () => {
        late.reject(new Error(`${problem} within ${timeoutMs / 1000} s`));
      });
      this.#waits.add(problem);
      try {
        return await Promise.race([work, late.promise]);
      } finally {
        cancel();
        this.#waits.delete(problem);
      }
    });
  }
}

/**
 * Begins work whose rejection may stay unhandled. Where one step fails, those that were begun beside it are abandoned,
 * and Node would end the process if they fail too.
 */
function mayBeLeft<T>(work: () => Promise<T>): Promise<T> {
  const promise = work();
  promise.catch(() => {});
  return promise;
}
