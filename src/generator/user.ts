import type { Payload } from '../contract/protocol.ts';
import {
  connectsByIteration,
  type OwnConnection,
  type OwnConnectionOptions,
  type Scope,
  type User,
} from '../contract/scenario.ts';
import type { Client } from '../contract/target.ts';
import type { Connection, ConnectOptions } from '../drivers/driver.ts';
import type { ReceiptTime } from '../measure/receipts.ts';
import type { Stamp } from '../measure/stamp.ts';
import { Inbox, type IsMeant } from './inbox.ts';
import type { OperationWorker } from './operations/operation.ts';
import type { Publishing } from './operations/publish.ts';
import { sendRequest } from './operations/single-reply.ts';
import { changeConnection, mayBeLeft, OwnEnd, refuseUse } from './own-connection.ts';
import type { OpenedConnection } from './pool-contract.ts';
import { type Noticed, UserTime } from './user-time.ts';

/** One arrival that starts an iteration, and the parts of the worker that it uses. */
export interface Iteration {
  readonly worker: OperationWorker;
  readonly publishing: Pick<Publishing, 'publish'>;
  /** Client number of the user. */
  readonly sender: number;
  readonly stamp: Stamp;
  readonly connection: Connection;
}

/** One user during an iteration: the argument of a scenario's `steps`. */
export class IteratingUser implements User {
  readonly client: Client;
  readonly options: User['options'];
  readonly iteration: number;
  readonly arrival: number;
  readonly #iteration: Iteration;
  readonly #worker: OperationWorker;
  readonly #opened: OpenedConnection[] = [];
  readonly #waits = new Set<string>();
  readonly #time: UserTime;
  /** What each connection has received since it opened, or since the iteration began. */
  readonly #inboxes = new Map<Connection, Inbox<Noticed>>();
  #hasLeft = false;

  constructor(iteration: Iteration) {
    const { worker, sender, stamp } = iteration;
    this.client = worker.target.clientOf(sender);
    this.options = worker.plan.scenarioOptions;
    this.iteration = stamp.seq;
    this.arrival = stamp.seq * worker.layout.streams.length + stamp.stream;
    this.#iteration = iteration;
    this.#worker = worker;
    this.#time = new UserTime(worker, stamp);
    if (!connectsByIteration(worker.scenario)) this.#keepEvents(iteration.connection);
  }

  /** The time of the user, who goes on when something arrives, and not when this process notices it. */
  get nowNs(): number {
    return this.#time.nowNs;
  }

  /** What it waits for, as an error says it; null when it waits for nothing. */
  get waitsFor(): string | null {
    const [first] = this.#waits;
    return first ?? null;
  }

  publish(scope: Scope, room: string | null = null): Payload {
    const { publishing, sender, stamp, connection } = this.#iteration;
    let payload: Payload = '';
    this.#worker.messages.sendNext(stamp.stream, this.#time.takeDueNs(), stamp.measured, (sent) => {
      payload = publishing.publish(sender, connection, sent, scope, room);
    });
    return payload;
  }

  request(): Promise<void> {
    return this.#requestOver(this.#iteration.connection, 'ack');
  }

  emit(event: string, data?: unknown): void {
    this.#time.takeDueNs();
    this.#iteration.connection.emit(event, data);
  }

  call(event: string, data?: unknown): Promise<unknown> {
    return this.#callOver(this.#iteration.connection, event, data);
  }

  next(event: string, isMeant?: IsMeant): Promise<unknown> {
    return this.#nextOver(this.#iteration.connection, event, isMeant);
  }

  think(durationMs: number): Promise<void> {
    return this.#time.think(durationMs);
  }

  time<R>(series: string, work: () => Promise<R>): Promise<R> {
    return mayBeLeft(async () => {
      const startNs = this.#time.takeDueNs();
      // The first step of the work was due with it.
      this.#time.setDue(startNs);
      const begun = work();
      this.#time.setDue(null);
      const result = await begun;
      this.record(series, this.nowNs - startNs);
      return result;
    });
  }

  record(given: string, valueNs: number): void {
    const { name, headline, series = {} } = this.#worker.scenario;
    // A user's request records into `ack`; everything else must be declared.
    if (!Object.hasOwn(series, given) && ![headline, 'ack', 'ack_actual'].includes(given))
      throw new Error(`the scenario ${name} records into "${given}", which is not among its series`);
    const { measured, intendedNs } = this.#iteration.stamp;
    if (measured) this.#worker.recorder.recordDue(given, Math.round(valueNs), intendedNs);
  }

  open(options: OwnConnectionOptions = {}): Promise<OwnConnection> {
    return mayBeLeft(async () => {
      const { pool, plan } = this.#worker;
      const { sender } = this.#iteration;
      const { allowRemote } = plan.target;
      const { dueNs } = this.#time;
      const change = (given: ConnectOptions) => changeConnection(given, options, allowRemote);
      const opened = await pool.openAnother(sender, change, (ready) => this.#keepEvents(ready));
      this.#opened.push(opened);
      // The iteration ended while it opened.
      if (this.#hasLeft) await opened.connection.close();
      return this.#own(opened, dueNs);
    });
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    for (const inbox of this.#inboxes.values()) inbox.close();
    const { layout } = this.#worker;
    if (layout.holds === true) for (const { connection } of this.#opened) this.#hold(connection);
    else await Promise.all(this.#opened.map(({ connection }) => connection.close()));
  }

  #hold(connection: Connection): void {
    const { pool, failed } = this.#worker;
    const { measured } = this.#iteration.stamp;
    pool.hold(connection, (reason) => {
      if (measured) failed.add(`a connection that was held was dropped: ${reason}`);
    });
  }

  #own(
    { connection, upgraded, stages, preparedNs, openedNs }: OpenedConnection,
    dueNs: number,
  ): OwnConnection {
    const end = new OwnEnd(connection);
    return {
      stages,
      handshakeNs: openedNs - dueNs - preparedNs,
      upgraded: this.#within('no upgrade to WebSocket', upgraded),
      request: (series) => end.orDropped(() => this.#requestOver(connection, series)),
      emit: (event, data) => {
        end.requireOpen();
        this.#time.takeDueNs();
        connection.emit(event, data);
      },
      call: (event, data) => end.orDropped(() => this.#callOver(connection, event, data)),
      next: (event, isMeant) => end.orDropped(() => this.#nextOver(connection, event, isMeant)),
      close: () => end.close(),
    };
  }

  #callOver(connection: Connection, event: string, data: unknown): Promise<unknown> {
    return mayBeLeft(async () => {
      this.#time.takeDueNs();
      const replied = Promise.withResolvers<Noticed>();
      connection.request(event, data, (reply, arrival) => replied.resolve(this.#noticeReply(reply, arrival)));
      return this.#time.goOn(await this.#within(`no acknowledgement of ${event}`, replied.promise));
    });
  }

  /** Takes a reply that the user waited for: handling it takes time of the event loop. */
  #noticeReply(data: unknown, arrival: ReceiptTime | undefined): Noticed {
    const noticed = this.#time.notice(data, arrival);
    this.#worker.receipts.note(noticed.receivedNs);
    return noticed;
  }

  #nextOver(connection: Connection, event: string, isMeant: IsMeant = () => true): Promise<unknown> {
    return mayBeLeft(async () => {
      const inbox = this.#inboxes.get(connection) ?? refuseUse();
      const sinceNs = this.#time.nowNs;
      const { taken, stop } = inbox.take(event, isMeant);
      try {
        return this.#time.goOn(await this.#within(inbox.problemOf(event), taken), sinceNs);
      } finally {
        stop();
        // What was waited for sets the time of the next step.
        this.#time.setDue(null);
      }
    });
  }

  /** Keeps the events of a connection until steps take them, or until the iteration ends. */
  #keepEvents(connection: Connection): void {
    this.#inboxes.set(connection, new Inbox(connection, (data, arrival) => this.#time.notice(data, arrival)));
  }

  #requestOver(connection: Connection, series: string): Promise<void> {
    return mayBeLeft(async () => {
      const { sender, stamp } = this.#iteration;
      const { clock } = this.#worker;
      const intendedNs = this.#time.takeDueNs();
      const actualNs = clock.nowNs();
      const replied = Promise.withResolvers<Noticed>();
      // It is part of no stream: a stream of its own keeps it apart from the warm-up's messages.
      const stream = this.#worker.layout.streams.length + stamp.stream;
      const sent = { ...stamp, stream, intendedNs, actualNs, measured: false };
      const stop = sendRequest(this.#worker, sender, connection, sent, (problem, arrival) => {
        const noticed = this.#noticeReply(null, arrival);
        if (problem === null) replied.resolve(noticed);
        else replied.reject(problem);
      });
      const noticed = await this.#within('no reply to a request', replied.promise).finally(stop);
      this.#time.goOn(noticed);
      this.record(series, noticed.receivedNs - intendedNs);
      if (series === 'ack') this.record('ack_actual', noticed.receivedNs - actualNs);
    });
  }

  #within<T>(problem: string, work: Promise<T>): Promise<T> {
    return mayBeLeft(async () => {
      const { plan, timers } = this.#worker;
      const late = Promise.withResolvers<never>();
      const cancel = timers.after(plan.connectTimeoutMs, () => {
        late.reject(new Error(`${problem} within ${plan.connectTimeoutMs / 1000} s`));
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
