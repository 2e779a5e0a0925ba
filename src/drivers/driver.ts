import type { Protocol, Transport } from '../target.ts';

export interface ConnectOptions {
  /** `http:` or `https:` for Socket.IO, `ws:` or `wss:` for raw WebSocket. */
  readonly url: string;
  readonly transport: Transport;
  readonly timeoutMs: number;
}

/** One client's connection, ready for use. Handlers are called synchronously as messages are decoded. */
export interface Connection {
  /** Hands an event over for sending; never waits and never throws for a broken connection. */
  emit(event: string, data: unknown): void;
  /** Sends an event that wants an acknowledgement; `onReply` is called once, or never. */
  request(event: string, data: unknown, onReply: (reply: unknown) => void): void;
  /** One handler per event. */
  on(event: string, handler: (data: unknown) => void): void;
  /** Acknowledges every event of this name with what `respond` returns. */
  answer(event: string, respond: (data: unknown) => unknown): void;
  /** Called once when the connection ends without {@link close}, with the reason in the field's own words. */
  onDropped(handler: (reason: string) => void): void;
  /** Ends the connection in the protocol's own way; resolves when it is gone or after a second. */
  close(): Promise<void>;
}

/** How virtual clients speak one protocol. */
export interface Driver {
  readonly name: string;
  readonly protocol: Protocol;
  readonly transports: readonly Transport[];
  /** One line for `list`. */
  readonly summary: string;
  /** Rejects with an Error whose message says why, within `timeoutMs`. */
  connect(options: ConnectOptions): Promise<Connection>;
}
