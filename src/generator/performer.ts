import type { Payload } from '../contract/protocol.ts';
import type { Operation, Scope, Stream } from '../contract/scenario.ts';
import type { Mapping, OutgoingEvent, OutgoingRequest } from '../contract/target.ts';
import type { CloseOutcome, Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import type { Intake } from '../measure/intake.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { Recorder } from '../measure/recorder.ts';
import { findStamp, type PayloadType, type Stamp, type StampWriter, stampWriter } from '../measure/stamp.ts';
import type { Plan } from '../plan/plan.ts';
import { AwaitedReplies } from './awaited-replies.ts';
import type { HttpPublisher } from './http-publisher.ts';
import type { ClientPool } from './pool.ts';
import type { Target } from './target.ts';

export interface PerformerOptions {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly target: Target;
  readonly pool: ClientPool;
  readonly recorder: Recorder;
  readonly intake: Intake;
  readonly publisher: HttpPublisher;
  /** Whether streamed replies are asked for. */
  readonly isStreaming: boolean;
  /** Called when a target's function could not read what came. */
  readonly onFailed: (reason: string) => void;
}

/** Turns operations into what the target understands, and hands what comes back to the intake. */
export class Performer {
  readonly #options: PerformerOptions;
  readonly #mapping: Mapping;
  readonly #writers: Readonly<Record<PayloadType, StampWriter>>;
  readonly #awaitedReplies = new AwaitedReplies();
  /** How the events are read that a connection listens to. */
  readonly #readers = new WeakMap<Connection, Map<string, Reader[]>>();
  /** Requests to which the reply is an event and somebody else waits for it, by stamp. */
  readonly #awaited = new Map<string, () => void>();
  /** How connections ended that were closed as an operation. */
  readonly closed = new ReasonCounts();
  #unacknowledged = 0;

  constructor(options: PerformerOptions) {
    this.#options = options;
    this.#mapping = options.target.mapping;
    const { payloadBytes } = options.plan;
    this.#writers = { text: stampWriter('text', payloadBytes), binary: stampWriter('binary', payloadBytes) };
  }

  /** Listens to what a client may receive; for every connection before anything is sent over it. */
  listen(client: number, connection: Connection): void {
    const { delivery, echoed, streamed, asked } = this.#mapping;
    const readers = new Map<string, Reader[]>();
    this.#readers.set(connection, readers);
    if (streamed !== undefined && this.#options.isStreaming) {
      // Whatever else has the same name: where streamed replies are asked for, they are what comes.
      readers.set(streamed.event, []);
      connection.on(streamed.event, (data) => {
        const reply = this.#read(streamed.read, data);
        if (reply !== undefined) this.#takeStreamed(client, reply);
      });
    }
    for (const incoming of [delivery, echoed]) {
      if (incoming === undefined) continue;
      for (const name of [incoming.event].flat()) {
        this.#listenTo(client, connection, name, incoming.payload ?? asItIs);
      }
    }
    if (asked !== undefined) connection.answer(asked.event, (data) => data);
  }

  /** Many servers have one name for all that they send: each event is taken once, whatever it may be. */
  #listenTo(client: number, connection: Connection, event: string, reader: Reader): void {
    const readers = this.#readers.get(connection) ?? new Map<string, Reader[]>();
    this.#readers.set(connection, readers);
    const known = readers.get(event);
    if (known !== undefined) {
      if (!known.includes(reader)) known.push(reader);
      return;
    }
    const list = [reader];
    readers.set(event, list);
    connection.on(event, (data) => {
      const payload = this.#payloadIn(data, list);
      if (!this.#settle(payload)) this.#take(client, payload);
    });
  }

  /** What the only reader makes of it, or the first that finds a stamp of ours. */
  #payloadIn(data: unknown, readers: readonly Reader[]): unknown {
    const [first = asItIs, ...others] = readers;
    const payload = this.#read(first, data);
    if (others.length === 0 || findStamp(payload) !== null) return payload;
    return others.map((reader) => this.#read(reader, data)).find((each) => findStamp(each) !== null);
  }

  /** Measured messages of which the server has yet to say that it has taken them, where it should. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Replies that say not to which of several waiting requests they belong. */
  get guessedReplies(): number {
    return this.#awaitedReplies.guessed;
  }

  /** Carries out any operation but `steps`; false when the sender is not connected. */
  perform({ sender, operation }: Stream, stamp: Stamp): boolean {
    const connection = this.#options.pool.connection(sender);
    if (connection === null) return false;
    const client = this.#options.target.clientOf(sender);
    const write = (type: PayloadType = this.#options.plan.payloadType) => this.#writers[type](stamp);
    switch (operation.kind) {
      case 'publish':
        this.publish(sender, connection, stamp, operation.scope, operation.room);
        return true;
      case 'request':
        this.request(sender, connection, stamp);
        return true;
      case 'ask-me':
        this.#askMe(sender, connection, stamp, this.#mapping.askMe?.({ payload: write(), client }));
        return true;
      case 'echo': {
        const event = this.#mapping.echo?.({ payload: write(operation.payloadType), client });
        if (event !== undefined) handOver(connection, event);
        return true;
      }
      case 'stream-reply':
        this.#requestStream(sender, connection, stamp, operation);
        return true;
      case 'ping':
        connection.ping?.(() => this.#answered(sender, stamp));
        return true;
      case 'close':
        void this.#options.pool.reopen(sender, (outcome) => this.#noteClosed(sender, stamp, outcome));
        return true;
      case 'steps':
        throw new Error('steps are not performed but carried out by a user');
    }
  }

  /** Sends a message, and returns its payload. */
  publish(sender: number, connection: Connection, stamp: Stamp, scope: Scope, room: string | null): Payload {
    const payload = this.#writers[this.#options.plan.payloadType](stamp);
    const client = this.#options.target.clientOf(sender);
    const { publish = undeclared('publish') } = this.#mapping;
    const message = publish({ payload, scope, room, client });
    if (isRequest(message)) {
      this.#options.publisher.send(message, this.#options.target.headersOf(client), (reason) => {
        if (stamp.measured) this.#options.onFailed(reason);
      });
    } else if (message.reply === 'acknowledgement') {
      if (stamp.measured) this.#unacknowledged += 1;
      connection.request(message.event, message.data, () => this.#published(stamp));
    } else {
      // An event in reply does not say to which message: nobody waits for it.
      connection.emit(message.event, message.data);
    }
    return payload;
  }

  /** The server has taken a message; that it delivers it is another matter. */
  #published({ measured, intendedNs, actualNs }: Stamp): void {
    if (!measured) return;
    this.#unacknowledged -= 1;
    const { recorder, clock } = this.#options;
    const nowNs = clock.nowNs();
    recorder.record('ack', nowNs - intendedNs);
    recorder.record('ack_actual', nowNs - actualNs);
  }

  /** Sends a request; its reply goes to the intake, or to `onReply` when that is given. */
  request(sender: number, connection: Connection, stamp: Stamp, onReply?: () => void): void {
    const payload = this.#writers[this.#options.plan.payloadType](stamp);
    const client = this.#options.target.clientOf(sender);
    const { request = undeclared('request'), reply: reader = asItIs } = this.#mapping;
    const { event, data, reply = 'acknowledgement' } = request({ payload, client });
    if (reply === 'acknowledgement') {
      connection.request(event, data, (answer) => {
        if (onReply === undefined) this.#takeReply(sender, stamp, answer);
        else onReply();
      });
      return;
    }
    if (reply !== 'none') {
      if (onReply !== undefined) this.#awaited.set(keyOf(stamp), onReply);
      this.#listenTo(sender, connection, reply.event, reader);
    }
    connection.emit(event, data);
  }

  /**
   * The protocol says to which request an acknowledgement belongs, so that it need not hold our payload unless the
   * target says where. When it does hold one, that counts.
   */
  #takeReply(sender: number, stamp: Stamp, answer: unknown): void {
    const { reply: reader } = this.#mapping;
    if (reader === undefined && findStamp(answer) === null) this.#answered(sender, stamp);
    else this.#take(sender, this.#read(reader ?? asItIs, answer));
  }

  /** Whether somebody waited for the reply that this is. */
  #settle(payload: unknown): boolean {
    const stamp = this.#awaited.size === 0 ? null : findStamp(payload);
    const onReply = stamp === null ? undefined : this.#awaited.get(keyOf(stamp));
    if (stamp === null || onReply === undefined) return false;
    this.#awaited.delete(keyOf(stamp));
    onReply();
    return true;
  }

  #askMe(sender: number, connection: Connection, stamp: Stamp, event: OutgoingEvent | undefined): void {
    if (event === undefined) return;
    connection.request(event.event, event.data, (reply) => {
      const { asked: incoming } = this.#mapping;
      const asked = (incoming === undefined ? null : this.#read(incoming.read, reply)) ?? null;
      if (asked !== null && stamp.measured) this.#options.recorder.record('ack_server', asked.roundTripNs);
      this.#take(sender, asked?.answer);
    });
  }

  #requestStream(
    sender: number,
    connection: Connection,
    stamp: Stamp,
    { replies }: Extract<Operation, { kind: 'stream-reply' }>,
  ): void {
    const payload = this.#writers[this.#options.plan.payloadType](stamp);
    const client = this.#options.target.clientOf(sender);
    const event = this.#mapping.streamRequest?.({ payload, count: replies, client });
    if (event === undefined) return;
    this.#awaitedReplies.expect(sender, stamp, replies);
    handOver(connection, event);
  }

  #takeStreamed(
    client: number,
    { item, payload }: { readonly item: number; readonly payload?: unknown },
  ): void {
    const { intake, clock } = this.#options;
    if (payload !== undefined) this.#awaitedReplies.forget(client);
    const stamp = payload === undefined ? this.#awaitedReplies.take(client, item) : null;
    if (stamp === null) intake.take(client, payload, clock.nowNs(), item - 1);
    else intake.takeAnswer(client, stamp, clock.nowNs(), item - 1);
  }

  /** What a server sends that the target cannot read must not end the run: others of its messages may be ours. */
  #read<T>(read: (data: unknown) => T, data: unknown): T | undefined {
    try {
      return read(data);
    } catch (error) {
      this.#options.onFailed(messageOf(error));
      return undefined;
    }
  }

  #noteClosed(client: number, stamp: Stamp, outcome: CloseOutcome | null): void {
    if (outcome !== null) this.#answered(client, stamp);
    if (!stamp.measured) return;
    const reason = outcome === null || outcome.reason === '' ? '' : ` ${outcome.reason}`;
    this.closed.add(outcome === null ? 'no answer to the close' : `${outcome.code}${reason}`);
  }

  #answered(client: number, stamp: Stamp): void {
    this.#options.intake.takeAnswer(client, stamp, this.#options.clock.nowNs());
  }

  #take(client: number, payload: unknown): void {
    this.#options.intake.take(client, payload, this.#options.clock.nowNs());
  }
}

/** Takes a payload out of what came. */
type Reader = (data: unknown) => unknown;

const asItIs: Reader = (data) => data;

/** Sends an event whose acknowledgement, where the server wants to give one, is of no interest. */
function handOver(connection: Connection, { event, data, reply }: OutgoingEvent): void {
  if (reply === 'acknowledgement') connection.request(event, data, () => {});
  else connection.emit(event, data);
}

/** Plans are checked before a run; what steps do only shows when they do it. */
function undeclared(what: keyof Mapping): () => never {
  return () => {
    throw new Error(`the target does not declare ${what}`);
  };
}

function keyOf({ stream, seq, intendedNs, actualNs }: Stamp): string {
  return `${stream},${seq},${intendedNs},${actualNs}`;
}

function isRequest(message: OutgoingEvent | OutgoingRequest): message is OutgoingRequest {
  return 'url' in message;
}
