import { EVENT, type Scope, streamedReplies } from '../../src/contract/protocol.ts';
import type { ConnectionDisturbance } from '../../src/drivers/disturbance.ts';
import type { AnyHandler, CloseOutcome, Connection } from '../../src/drivers/driver.ts';
import { findStamp, type Stamp } from '../../src/measure/stamp.ts';
import type { Timers } from '../../src/measure/timers.ts';

/** A message on its way from the server to one client. */
export interface Hop {
  readonly receiver: number;
  /** Null for a message without a stamp. */
  readonly stamp: Stamp | null;
}

/**
 * When the copies of a message arrive, in milliseconds after it was sent: `[1]` after 1 ms, `[]` never, `[1, 2]` twice.
 * A message that takes longer than the next one arrives out of order.
 */
export type Network = (hop: Hop) => readonly number[];

export interface FakeEvent {
  readonly event: string;
  readonly data?: unknown;
}

export interface ServerBehavior {
  readonly network: Network;
  /** What a client receives instead of the message that it should get. */
  readonly changes: (payload: unknown, hop: Hop) => unknown;
  /** Why a client cannot connect; null when it can. `silent` leaves the attempt unanswered. */
  readonly refuses: (client: number) => string | null;
  /** Events that arrive together with the end of the handshake. */
  readonly greets: (client: number) => readonly FakeEvent[];
  /** Whether the server has restored the session of a client that connects; null where it has no sessions. */
  readonly restores: (client: number) => boolean | null;
  /** What the server sends back for an event that is none of the chat's; null for nothing. */
  readonly responds: (client: number, event: string, data: unknown) => FakeEvent | null;
  /** Whether the server acknowledges that a client joins its rooms. */
  readonly acknowledgesJoin: (client: number) => boolean;
}

type Handler = (data: unknown) => void;

/** A client's connection to a {@link FakeServer}. */
export class FakeClientConnection implements Connection {
  readonly client: number;
  readonly rooms = new Set<string>();
  session?: NonNullable<Connection['session']>;
  readonly #server: FakeServer;
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #answers = new Map<string, (data: unknown) => unknown>();
  readonly #any = new Set<AnyHandler>();
  #onDropped: (reason: string) => void = () => {};
  /** Takes what arrives at this client; a process that is stopped takes it later. */
  onArrival: (handle: () => void) => void = (handle) => handle();

  constructor(client: number, server: FakeServer) {
    this.client = client;
    this.#server = server;
  }

  emit(event: string, data: unknown): void {
    this.#server.receive(this, event, data, () => {});
  }

  request(event: string, data: unknown, onReply: (reply: unknown) => void): void {
    this.#server.receive(this, event, data, onReply);
  }

  on(event: string, handler: Handler): () => void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  onAny(handler: AnyHandler): () => void {
    this.#any.add(handler);
    return () => void this.#any.delete(handler);
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#answers.set(event, respond);
  }

  onDropped(handler: (reason: string) => void): void {
    this.#onDropped = handler;
  }

  ping(onPong: () => void): void {
    this.#server.send({ receiver: this.client, stamp: null }, onPong);
  }

  async close(): Promise<CloseOutcome | null> {
    this.#server.leave(this);
    return { code: 1000, reason: '' };
  }

  /** What the plan does to it; a cut is noticed by both sides. Others are remembered. */
  disturb({ kind }: ConnectionDisturbance): () => void {
    this.#server.heard.push(`${this.client} ${kind}`);
    if (kind === 'silence' || kind === 'half-open' || kind === 'slow')
      return () => void this.#server.heard.push(`${this.client} ${kind} is over`);
    this.#server.leave(this);
    return () => {};
  }

  /** The server ends the connection. */
  drop(reason: string): void {
    this.#server.leave(this);
    this.#onDropped(reason);
  }

  /** The client receives an event; returns its answer. */
  deliver(event: string, data: unknown): unknown {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) handler(data);
    for (const handler of this.#any) handler(event, data);
    return this.#answers.get(event)?.(data);
  }
}

/** The chat server of the reference servers, in memory. Its network delays, loses, duplicates and reorders messages. */
export class FakeServer {
  readonly connections = new Map<number, FakeClientConnection>();
  /** Events that are none of the chat's, and connections that ended, in their order: `client event data`. */
  readonly heard: string[] = [];
  isDown = false;
  readonly #timers: Timers;
  readonly #behavior: ServerBehavior;

  constructor(timers: Timers, behavior: ServerBehavior) {
    this.#timers = timers;
    this.#behavior = behavior;
  }

  /** Connects a client; rejects with the reason of a refusal, and when there is no answer within the time. */
  async connect(client: number, timeoutMs: number): Promise<FakeClientConnection> {
    const reason = this.isDown ? 'connection refused' : this.#behavior.refuses(client);
    await this.#timers.sleep(reason === 'silent' ? timeoutMs : 1);
    if (reason === 'silent') throw new Error(`no answer within ${timeoutMs / 1000} s`);
    if (reason !== null) throw new Error(reason);
    const connection = new FakeClientConnection(client, this);
    const isRecovered = this.#behavior.restores(client);
    if (isRecovered !== null) connection.session = () => ({ isRecovered, recovery: {} });
    this.connections.set(client, connection);
    return connection;
  }

  /** Delivers what arrives with the end of the handshake. */
  greet(connection: FakeClientConnection): void {
    for (const { event, data } of this.#behavior.greets(connection.client)) connection.deliver(event, data);
  }

  leave(connection: FakeClientConnection): void {
    this.heard.push(`${connection.client} left`);
    if (this.connections.get(connection.client) === connection) this.connections.delete(connection.client);
  }

  /** Ends all connections, and refuses others. */
  goDown(): void {
    this.isDown = true;
    this.die();
  }

  /** Accepts connections again. */
  goUp(): void {
    this.isDown = false;
  }

  /** Ends the connections of some clients. */
  endThoseOf(isMeant: (client: number) => boolean): void {
    for (const connection of [...this.connections.values()])
      if (isMeant(connection.client)) connection.drop('connection reset');
  }

  /** Ends all connections, as the death of the process does. */
  die(): void {
    for (const connection of [...this.connections.values()]) connection.drop('connection reset');
  }

  /** Calls back once for each copy that arrives. */
  send(hop: Hop, onArrived: () => void): void {
    for (const delayMs of this.#behavior.network(hop)) this.#timers.after(delayMs, onArrived);
  }

  /** Sends an event to one client, unless it has left when a copy arrives. */
  #sendTo(connection: FakeClientConnection, event: string, data: unknown): void {
    const hop = { receiver: connection.client, stamp: findStamp(data) };
    const changed = this.#behavior.changes(data, hop);
    this.send(hop, () => {
      if (this.connections.get(connection.client) !== connection) return;
      connection.onArrival(() => void connection.deliver(event, changed));
    });
  }

  /** Pushes an event to every client. */
  push(event: string, data: unknown): void {
    for (const connection of this.connections.values()) this.#sendTo(connection, event, data);
  }

  receive(from: FakeClientConnection, event: string, data: unknown, reply: (data: unknown) => void): void {
    const hop = { receiver: from.client, stamp: findStamp(data) };
    switch (event) {
      case EVENT.enterChat:
        for (const room of data as string[]) from.rooms.add(room);
        if (this.#behavior.acknowledgesJoin(from.client)) this.#timers.after(1, () => reply(true));
        return;
      case EVENT.sendMessage:
        this.#publish(from, data as { message: unknown; scope: Scope; chatId?: string });
        return;
      case EVENT.hello:
      case EVENT.identity:
        this.send(
          hop,
          once(() => reply(this.#behavior.changes(data, hop))),
        );
        return;
      case EVENT.echo:
        this.#sendTo(from, event, data);
        return;
      case EVENT.events:
        for (const item of streamedReplies(data)) this.#sendTo(from, event, item);
        return;
      case EVENT.askMe:
        this.send(
          hop,
          once(() => {
            const answer = this.#behavior.changes(from.deliver(EVENT.hello, data), hop);
            reply({ answer, roundTripNs: 1000 });
          }),
        );
        return;
      default: {
        this.heard.push(`${from.client} ${event}${data === undefined ? '' : ` ${data}`}`);
        const sent = this.#behavior.responds(from.client, event, data);
        if (sent?.event === 'close') from.drop(String(sent.data));
        else if (sent !== null) this.#sendTo(from, sent.event, sent.data);
      }
    }
  }

  #publish(
    from: FakeClientConnection,
    { message, scope, chatId = '' }: { message: unknown; scope: Scope; chatId?: string },
  ): void {
    for (const connection of this.connections.values()) {
      const isMeant = scope.startsWith('everyone') || connection.rooms.has(chatId);
      if (!isMeant || (scope.endsWith('but-me') && connection === from)) continue;
      this.#sendTo(connection, EVENT.receiveMessage, message);
    }
  }
}

/** A callback that is called at the first copy only: a library drops further acknowledgements. */
function once(callback: () => void): () => void {
  let isCalled = false;
  return () => {
    if (!isCalled) callback();
    isCalled = true;
  };
}
