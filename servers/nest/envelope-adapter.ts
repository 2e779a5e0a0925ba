import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties, WsResponse } from '@nestjs/websockets';
import { catchError, defer, EMPTY, filter, fromEvent, map, mergeMap, type Observable, takeUntil } from 'rxjs';
import { WebSocket } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope, type Payload } from '../../src/contract/protocol.ts';

/** The event by which a gateway receives the answers of clients; its data is {@link ClientAnswer}. */
export const ANSWER = 'answer';

/** A client's answer to the envelope with this `id`. */
export interface ClientAnswer {
  readonly id: number;
  readonly answer: Payload;
}

type EnvelopeHandlers = ReadonlyMap<string, MessageMappingProperties>;
/** Turns the result of a handler into one stream. */
type ToStream = (result: unknown) => Observable<unknown>;

/**
 * Nest's adapter for ws, extended by the envelopes of src/contract/protocol.ts. An envelope with an `id` gets all that
 * its handler returns with that number as `ack`. An envelope with an `ack` goes to the handler of {@link ANSWER}.
 * Bytes travel in binary messages. All else is as in Nest: the result of a handler is sent unchanged, an empty result
 * sends nothing, and a message that cannot be decoded or has no handler is dropped.
 */
export class EnvelopeAdapter extends WsAdapter {
  override bindMessageHandlers(
    client: WebSocket,
    handlers: MessageMappingProperties[],
    transform: ToStream,
  ): void {
    const byEvent = new Map(handlers.map((handler) => [handler.message, handler]));
    fromEvent<{ readonly data: string | Buffer }>(client, 'message')
      .pipe(
        mergeMap(({ data }) => this.#repliesTo(data, byEvent, transform)),
        takeUntil(fromEvent(client, 'close')),
      )
      .subscribe((reply) => {
        if (client.readyState === WebSocket.OPEN) client.send(encodeReply(reply));
      });
  }

  #repliesTo(message: string | Buffer, handlers: EnvelopeHandlers, transform: ToStream): Observable<unknown> {
    const envelope = decodeMessage(message);
    if (envelope === null) return EMPTY;
    const { event, data, id, ack } = envelope;
    const [name, body] = ack === undefined ? [event, data] : [ANSWER, { id: ack, answer: data }];
    const handler = handlers.get(name);
    if (handler === undefined) return EMPTY;
    return defer(() => transform(handler.callback(body, name))).pipe(
      filter((result) => result !== undefined && result !== null),
      map((result) => (id === undefined ? result : { event, data: dataOf(result), ack: id })),
      catchError((error) => {
        this.logger.error(error);
        return EMPTY;
      }),
    );
  }
}

function decodeMessage(message: string | Buffer): Envelope | null {
  try {
    return typeof message === 'string' ? JSON.parse(message) : decodeEnvelope(message, true);
  } catch {
    return null;
  }
}

function encodeReply(reply: unknown): string | Buffer {
  return isEvent(reply) ? encodeEnvelope(reply) : JSON.stringify(reply);
}

function dataOf(result: unknown): unknown {
  return isEvent(result) ? result.data : result;
}

function isEvent(result: unknown): result is WsResponse<unknown> {
  return (
    typeof result === 'object' && result !== null && 'event' in result && typeof result.event === 'string'
  );
}
