import type { Timers } from '../../measure/timers.ts';
import type { Arrival, StreamAddress } from '../sockets/stream.ts';
import type { MessageKind } from './frame.ts';
import type { FrameHandlers } from './frame-reader.ts';
import type { Accepted, Handshake } from './handshake.ts';

/** How a connection ended. */
export interface WebSocketEnd {
  /** The code of the server's close frame; 1005 where it has none, 1006 where there was no close frame. */
  readonly code: number;
  readonly reason: string;
  /** Why the client gave it up; null where it did not. */
  readonly problem: string | null;
  /** The error of the system; null where there was none, or the connection was given up before it. */
  readonly error: Error | null;
}

/** What happens on a WebSocket. Methods are called on the object of the connection. */
export interface WebSocketHandlers extends Pick<FrameHandlers, 'onText'> {
  /** A stage before the opening handshake is over. */
  onStage?(stage: 'tcp' | 'tls'): void;
  /** The server has accepted the WebSocket. */
  onOpen(accepted: Accepted, arrival: Arrival): void;
  /** A message; its bytes are valid during the call only. */
  onMessage(kind: MessageKind, payload: Buffer, arrival: Arrival): void;
  onPong(data: Buffer, arrival: Arrival): void;
  /** Called once, also when the connection never opened. */
  onClosed(end: WebSocketEnd): void;
}

export interface WebSocketOptions {
  readonly address: StreamAddress;
  readonly handshake: Omit<Handshake, 'extensions'>;
  /** Whether to offer permessage-deflate. */
  readonly compression: boolean;
  /** The largest message that the server may send, in bytes, inflated. */
  readonly maxMessageBytes: number;
  readonly timers?: Pick<Timers, 'after'>;
}
