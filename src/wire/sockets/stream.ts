import type { TlsOptions } from '../../contract/target.ts';
import type { ReceiptTime } from '../../measure/receipts.ts';

/** Where a connection goes. */
export interface StreamAddress {
  readonly host: string;
  readonly port: number;
  /** The address of this machine that the connection comes from; by default the system chooses. */
  readonly localAddress?: string | undefined;
  /** Null for plain TCP. */
  readonly tls: TlsOptions | null;
}

/**
 * When bytes arrived, on the clock of the run. One object serves all connections of a process: it is valid during the
 * call that it is given to.
 */
export interface Arrival extends ReceiptTime {
  /** When the connection was known to have nothing to read: the first byte of the read arrived after it. */
  sinceNs: number;
}

/**
 * What happens on a connection. Methods are called synchronously, one after the other. The object that has them is that
 * of the connection: a closure for each would take more memory than the rest of an idle connection.
 */
export interface StreamHandlers {
  /** TCP is connected and TLS follows. Not called where there is no TLS. */
  onTcp?(): void;
  /** The connection is open; `layer` names TLS where it was asked for. */
  onOpen(layer?: 'tls'): void;
  /** Bytes arrived, which are valid during the call only. */
  onBytes(bytes: Buffer, arrival: Arrival): void;
  /** The peer sends nothing more. */
  onEnd(): void;
  /** The connection is gone, or could not be opened. Called once; null when both sides have ended. */
  onClosed(error: Error | null): void;
}

/** One connection, as a stream of bytes in both directions. */
export interface ByteStream {
  /** Hands bytes to the system. They must not change before they are sent; after the end they are dropped. */
  write(bytes: Buffer): void;
  /** How many bytes the system has not taken yet. */
  readonly unsentBytes: number;
  /** Sends nothing more after what was written. */
  end(): void;
  /** Gives the connection up at once. */
  destroy(): void;
  /** Gives the connection up at once, and has the system tell the peer so by a reset. */
  reset(): void;
  /** Limits what is read, in bytes per second; 0 for nothing, null for no limit. The system goes on receiving. */
  limitReading(bytesPerSecond: number | null): void;
}

/** Opens a connection; what happens is reported to the handlers, never before this function returns. */
export type OpenStream = (address: StreamAddress, handlers: StreamHandlers) => ByteStream;
