import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** What the clients of a process sent and received, over any protocol. */
export interface Traffic {
  /**
   * Bytes that TCP carries for client sockets, including framing and HTTP headers. With TLS, the bytes that TLS
   * carries, without its records and handshakes.
   */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** HTTP requests that were started, including WebSocket handshakes. */
  readonly requests: number;
  /** Answered requests for messages, and the part of them that brought none. */
  readonly polls: number;
  readonly emptyPolls: number;
}

/** Traffic between two times on the run's clock. */
export interface TrafficSpan {
  readonly startNs: number;
  readonly endNs: number;
  readonly traffic: Traffic;
}

export const NO_TRAFFIC: Traffic = eachCount(() => 0);

/** Makes a traffic of the result of `count` for each name. */
function eachCount(count: (name: keyof Traffic) => number): Traffic {
  return {
    sentBytes: count('sentBytes'),
    receivedBytes: count('receivedBytes'),
    requests: count('requests'),
    polls: count('polls'),
    emptyPolls: count('emptyPolls'),
  };
}

/** One span for two in a row. */
export function joinSpans(earlier: TrafficSpan, later: TrafficSpan): TrafficSpan {
  const traffic = eachCount((name) => earlier.traffic[name] + later.traffic[name]);
  return { startNs: earlier.startNs, endNs: later.endNs, traffic };
}

/** Sums the traffic from `fromNs` to `toNs`, in whole numbers; spans that lie in it partly count in part. */
export function trafficWithin(spans: readonly TrafficSpan[], fromNs: number, toNs: number): Traffic {
  const shares = spans.map(({ startNs, endNs, traffic }) => {
    const overlapNs = Math.min(endNs, toNs) - Math.max(startNs, fromNs);
    return { traffic, share: overlapNs > 0 ? overlapNs / (endNs - startNs) : 0 };
  });
  return eachCount((name) =>
    Math.round(shares.reduce((sum, { traffic, share }) => sum + traffic[name] * share, 0)),
  );
}

const NO_BYTES_CARRIED = { sent: 0, received: 0 } as const;

/** Counts the traffic of this process. Create it early: it sees the sockets and requests that begin after it. */
export class TrafficSampler {
  readonly #open = new Set<Socket>();
  readonly #closed = { sentBytes: 0, receivedBytes: 0 };
  readonly #counts = { requests: 0, polls: 0, emptyPolls: 0 };
  #last = NO_TRAFFIC;
  /** What sockets that are not those of Node.js have carried so far. */
  otherBytes: () => { readonly sent: number; readonly received: number } = () => NO_BYTES_CARRIED;

  constructor() {
    subscribe('net.client.socket', (message) => {
      const { socket } = message as { socket: Socket };
      this.#open.add(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#closed.sentBytes += socket.bytesWritten;
        this.#closed.receivedBytes += socket.bytesRead;
      });
    });
    subscribe('http.client.request.start', () => {
      this.#counts.requests += 1;
    });
  }

  /** Notes an answer to a request for messages; `isEmpty` when it brought none. */
  readonly notePoll = (isEmpty: boolean): void => {
    this.#counts.polls += 1;
    if (isEmpty) this.#counts.emptyPolls += 1;
  };

  /** Notes the request of an opening handshake that was not sent by the HTTP client of Node.js. */
  readonly noteHandshake = (): void => {
    this.#counts.requests += 1;
  };

  /** The traffic since the last call, or since creation. */
  take(): Traffic {
    const { sent, received } = this.otherBytes();
    let sentBytes = this.#closed.sentBytes + sent;
    let receivedBytes = this.#closed.receivedBytes + received;
    for (const { bytesWritten, bytesRead } of this.#open) {
      sentBytes += bytesWritten;
      receivedBytes += bytesRead;
    }
    const last = this.#last;
    const now = { sentBytes, receivedBytes, ...this.#counts };
    this.#last = now;
    // Bytes that a socket has not sent yet no longer count when it breaks.
    return eachCount((name) => Math.max(0, now[name] - last[name]));
  }
}
