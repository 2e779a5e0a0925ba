/** What disturbs the clients and the server of a run, when, and how clients come back. Part of the plan. */

/**
 * What happens to a client. `close`: a close frame of WebSocket. `fin`, `reset`: TCP is closed, or reset. `leave`: the
 * protocol's own goodbye, after the target's `leave`. `silence`: it neither reads nor writes for a time, and its connection
 * stays. `half-open`: it stops reading and goes on writing. `slow`: it reads at a limited rate.
 */
export const CLIENT_DISRUPTIONS = ['close', 'fin', 'reset', 'leave', 'silence', 'half-open', 'slow'] as const;
export type ClientDisruption = (typeof CLIENT_DISRUPTIONS)[number];

/** What happens to the server: it is ended and started again, all of it or one of its processes after the other. */
export const SERVER_DISRUPTIONS = ['restart', 'rolling-restart'] as const;
export type ServerDisruption = (typeof SERVER_DISRUPTIONS)[number];

/** One disruption of a plan. Times count from the start of measuring. */
export interface Disruption {
  readonly kind: ClientDisruption | ServerDisruption;
  readonly atMs: number;
  /** Time until it happens again; null for once. */
  readonly everyMs: number | null;
  /**
   * `constant`: at those times. `poisson`: to each client by itself, at random times. `everyMs` is then the mean time from
   * the return of a client, as far as the plan knows it, until the next disruption, and `forMs` the mean time that it stays
   * offline. Both are distributed exponentially.
   */
  readonly arrival: 'constant' | 'poisson';
  /** The clients that it happens to: a share of those that may be disturbed, or a number of them. */
  readonly clients: { readonly share: number } | { readonly count: number };
  /**
   * One of several groups of equal size, from 1, that the clients belong to in all disruptions of a run; null for other
   * clients in each disruption.
   */
  readonly group: { readonly number: number; readonly of: number } | null;
  /**
   * Where the server can restore sessions: whether clients name the last message that they got. One that has received no
   * event before it is cut cannot.
   */
  readonly sendsOffset: boolean;
  /**
   * How long clients stay offline before they try to come back, or are silent, half-open or slow; how long the server is
   * down. Null: the reconnect policy alone decides, or until the end of the measured time.
   */
  readonly forMs: number | null;
  /** For `half-open` and `slow`: whether pings of the server are answered. */
  readonly answersPings: boolean;
  /** For `slow`: bytes per second that each client reads. */
  readonly readHz: number | null;
  /** For disruptions of the server. */
  readonly signal: 'SIGTERM' | 'SIGKILL';
}

/** When clients that lost their connection try to open another one. */
export interface ReconnectPolicy {
  readonly kind: 'none' | 'immediate' | 'fixed' | 'exponential';
  /** Before the first attempt, and before every one with `fixed`. */
  readonly delayMs: number;
  /** The cap of `exponential`, which doubles from `delayMs`. */
  readonly maxDelayMs: number;
  /** Each delay is multiplied by a random factor from 1 - jitter to 1 + jitter. */
  readonly jitter: number;
  /** Null for no limit. */
  readonly maxAttempts: number | null;
}
