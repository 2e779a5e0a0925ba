import type { Awaitable } from '../contract/mapping.ts';
import type { Payload, Scope } from '../contract/protocol.ts';
import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { undeclared } from '../generator/operations/operation.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { SentPart } from './channel.ts';
import { numberInThread } from './numbers.ts';
import type { ThreadReceiver } from './received.ts';
import type { ThreadParts } from './thread-parts.ts';

interface SentStream extends Pick<SentPart, 'stream' | 'sender' | 'operation' | 'scope' | 'room'> {
  measured: number;
  warmup: number;
  intendedNs: number[];
  actualNs: number[];
}

/** Whom a message is from and for. */
export interface Sending {
  readonly client: number;
  readonly connection: Connection;
  readonly intendedNs: number;
  /** False in the warm-up of a schedule. */
  readonly measured: boolean;
}

/** What a function of the target made. Throws for an async one: Artillery's steps do not wait for it. */
function requireMade<T>(made: Awaitable<T>, name: string): T {
  if (!(made instanceof Promise)) return made;
  made.catch(() => {});
  throw new Error(`${name} of the target is async, which is not supported inside Artillery`);
}

/** Sends what the users of one thread send, numbers it and keeps when it was sent. */
export class ThreadSender {
  readonly #parts: ThreadParts;
  readonly #receiver: Pick<ThreadReceiver, 'takeReply'>;
  readonly #thread: number;
  readonly #streams = new Map<string, SentStream>();
  /** Requests whose reply has not arrived. */
  unanswered = 0;
  /** Called with the due time of every measured message. */
  onMeasured: (intendedNs: number) => void = () => {};

  constructor(parts: ThreadParts, receiver: Pick<ThreadReceiver, 'takeReply'>, thread: number) {
    this.#parts = parts;
    this.#receiver = receiver;
    this.#thread = thread;
  }

  /** Sends a message to others. Returns false when a function of the target failed, which is counted. */
  publish(sending: Sending, scope: Scope, room: string | null): boolean {
    const { client, connection } = sending;
    const { target } = this.#parts;
    const { publish: describe = undeclared('publish') } = target.mapping;
    const stream = this.#streamOf(client, 'publish', scope, room);
    return this.#send(stream, sending, (payload, stamp) => {
      const made = describe({
        ...{ payload, scope, room, to: null, id: stamp.seq },
        client: target.clientOf(client),
      });
      const message = requireMade(made, 'publish');
      if ('url' in message) throw new Error('publishing by HTTP requests is not supported inside Artillery');
      const { event, data, reply } = message;
      if (reply === 'acknowledgement') connection.request(event, data, () => {});
      else connection.emit(event, data);
    });
  }

  /** Sends a request. `onReply` is called with whether its reply belongs to it; never without a reply. */
  request(sending: Sending, onReply: (isAnswered: boolean) => void): boolean {
    const { client, connection } = sending;
    const { target, clock } = this.#parts;
    const { request: describe = undeclared('request') } = target.mapping;
    const stream = this.#streamOf(client, 'request', null, null);
    return this.#send(stream, sending, (payload, stamp) => {
      const {
        event,
        data,
        reply = 'acknowledgement',
      } = requireMade(describe({ payload, client: target.clientOf(client), id: stamp.seq }), 'request');
      if (reply !== 'acknowledgement')
        throw new Error('a request without an acknowledgement is not supported inside Artillery');
      this.unanswered += 1;
      connection.request(event, data, (answer) => {
        this.unanswered -= 1;
        onReply(this.#receiver.takeReply(client, stamp, answer, event, clock.nowNs()));
      });
    });
  }

  /** Counts a message that was due and not sent. */
  drop(reason: string, measured: boolean): void {
    if (measured) this.#parts.unsent.add(reason);
  }

  #send(
    stream: SentStream,
    { intendedNs, measured }: Sending,
    write: (payload: Payload, stamp: Stamp) => void,
  ): boolean {
    const { plan, clock, payloads, recorder, failed, unsent } = this.#parts;
    const actualNs = clock.nowNs();
    const seq = measured ? stream.measured : stream.warmup;
    const stamp = { stream: stream.stream, seq, intendedNs, actualNs, measured };
    try {
      write(payloads.write(stamp, plan.payloadType), stamp);
    } catch (error) {
      const reason = messageOf(error);
      failed.add(reason);
      if (measured) unsent.add(reason);
      return false;
    }
    if (!measured) {
      stream.warmup += 1;
      return true;
    }
    stream.measured += 1;
    stream.intendedNs.push(intendedNs);
    stream.actualNs.push(actualNs);
    recorder.record('send_lag', actualNs - intendedNs);
    this.onMeasured(intendedNs);
    return true;
  }

  #streamOf(
    sender: number,
    operation: SentPart['operation'],
    scope: Scope | null,
    room: string | null,
  ): SentStream {
    const key = `${sender} ${operation} ${scope} ${room}`;
    let found = this.#streams.get(key);
    if (found === undefined) {
      const stream = numberInThread(this.#streams.size, this.#thread);
      found = {
        stream,
        sender,
        operation,
        scope,
        room,
        measured: 0,
        warmup: 0,
        intendedNs: [],
        actualNs: [],
      };
      this.#streams.set(key, found);
    }
    return found;
  }

  /** What was sent since the last call. */
  take(): SentPart[] {
    const parts: SentPart[] = [];
    for (const sent of this.#streams.values()) {
      if (sent.intendedNs.length === 0) continue;
      const { stream, sender, operation, scope, room } = sent;
      const [intendedNs, actualNs] = [Float64Array.from(sent.intendedNs), Float64Array.from(sent.actualNs)];
      parts.push({ stream, sender, operation, scope, room, intendedNs, actualNs });
      sent.intendedNs = [];
      sent.actualNs = [];
    }
    return parts;
  }
}
