import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties, WsResponse } from '@nestjs/websockets';
import { catchError, defer, EMPTY, filter, fromEvent, map, mergeMap, type Observable, takeUntil } from 'rxjs';
import { WebSocket } from 'ws';
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Payload,
} from '../../../src/contract/protocol.ts';

/** The event as which a gateway gets a client's answers; its data is {@link Answer}. */
export const ANSWER = 'answer';

/** What a client answered to an envelope with this `id`. */
export interface Answer {
  readonly id: number;
  readonly answer: Payload;
}

type Handlers = ReadonlyMap<string, MessageMappingProperties>;
/** Makes one stream of whatever a handler returns. */
type Transform = (result: unknown) => Observable<unknown>;

/**
 * Nest's own adapter for ws, that besides {event, data} knows what else the envelopes of src/wire.ts have: one
 * with an `id` gets all that its handler returns with that number as `ack`, one with an `ack` goes to the handler of
 * {@link ANSWER}, and bytes travel in binary messages. Everything else is as in Nest: what a handler returns is
 * sent as it is, nothing is sent for nothing, and what cannot be read or has no handler is dropped.
 */
export class EnvelopeAdapter extends WsAdapter {
  override bindMessageHandlers(
    client: WebSocket,
    handlers: MessageMappingProperties[],
    transform: Transform,
  ): void {
    const byEvent = new Map(handlers.map((handler) => [handler.message, handler]));
    fromEvent<{ readonly data: string | Buffer }>(client, 'message')
      .pipe(
        mergeMap(({ data }) => this.#repliesTo(data, byEvent, transform)),
        takeUntil(fromEvent(client, 'close')),
      )
      .subscribe((reply) => {
        if (client.readyState === WebSocket.OPEN) client.send(encode(reply));
      });
  }

  #repliesTo(message: string | Buffer, handlers: Handlers, transform: Transform): Observable<unknown> {
    const envelope = decode(message);
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

function decode(message: string | Buffer): Envelope | null {
  try {
    return typeof message === 'string' ? JSON.parse(message) : decodeEnvelope(message, true);
  } catch {
    return null;
  }
}

function encode(reply: unknown): string | Buffer {
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
