/** One connection of a client, on the side of the server. */
export interface Peer {
  /** Hands bytes to the system. They must not change any more. */
  write(bytes: Buffer): void;
  /** Sends nothing more after what was written, and gives the connection up. */
  end(): void;
}

/** What happens on a connection. */
export interface PeerHandlers {
  /** Bytes arrived. They are valid during the call only, and may be changed in it. */
  readonly onBytes: (bytes: Buffer) => void;
  /** The connection is gone. Called once. */
  readonly onGone: () => void;
}

/** Accepts connections on a free port of an address. */
export type Listen = (
  host: string,
  port: number,
  accept: (peer: Peer) => PeerHandlers,
) => Promise<ListeningAt>;

export interface ListeningAt {
  readonly port: number;
}
