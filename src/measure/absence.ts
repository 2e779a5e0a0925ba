/**
 * A time in which a client could receive nothing: from the end of its connection until it was in its rooms again. Times
 * are on the clock of the run.
 */
export interface Absence {
  readonly client: number;
  /** Number of the disruption in the plan; null where the server or the network ended the connection. */
  readonly disruption: number | null;
  /** How often that disruption had happened before. */
  readonly repetition: number;
  /** How the connection ended. */
  readonly reason: string;
  readonly fromNs: number;
  readonly attempts: number;
  /** Why the last attempt failed; null where none did, or a later one succeeded. */
  readonly failure: string | null;
  /** When the last attempt began; null for none. What was sent before it cannot come live over the connection that it opens. */
  readonly lastTriedNs: number | null;
  /** When its next connection was open; null if none was. */
  readonly connectedNs: number | null;
  /** When it was logged in and in its rooms again; null if it never was. */
  readonly backNs: number | null;
  /** When it received the first message that was sent after it was back; null if it received none. */
  readonly receivingNs: number | null;
  /** Whether the server restored the session; null where the protocol or the server has no recovery. */
  readonly recovered: boolean | null;
  /**
   * Messages due before the attempt that opened its next connection, which arrived after the cut, and when the first and
   * the last one did.
   */
  readonly replayed: number;
  readonly firstReplayedNs: number | null;
  readonly lastReplayedNs: number | null;
  /** Messages due while it left, connected or joined that arrived, live or replayed, which is unknown. */
  readonly early: number;
  /** By stream: the lowest number of a message that was in flight at the cut and was replayed. */
  readonly inFlight: ReadonlyMap<number, number>;
  /** Duplicates, and messages out of order, from when it was back until its next absence. */
  readonly duplicated: number;
  readonly reordered: number;
}

/** An absence in the process of its client, which adds to it what arrives until the next one begins. */
export type RunningAbsence = { -readonly [Field in keyof Absence]: Absence[Field] } & {
  readonly inFlight: Map<number, number>;
};

/** An absence that begins. */
export function beginAbsence(
  cut: Pick<Absence, 'client' | 'disruption' | 'repetition' | 'reason' | 'fromNs'>,
): RunningAbsence {
  return {
    ...cut,
    attempts: 0,
    failure: null,
    lastTriedNs: null,
    connectedNs: null,
    backNs: null,
    receivingNs: null,
    recovered: null,
    replayed: 0,
    firstReplayedNs: null,
    lastReplayedNs: null,
    early: 0,
    inFlight: new Map(),
    duplicated: 0,
    reordered: 0,
  };
}

/**
 * Whether a client that receives a message now was away when the message was due. Until its next connection is open, what
 * arrives comes over the old one: a client that leaves may be sent messages until the server has noticed.
 */
export function wasAway({ fromNs, connectedNs, backNs }: Absence, dueNs: number): boolean {
  if (connectedNs === null) return dueNs >= fromNs;
  return backNs === null || dueNs < backNs;
}

/** Whether a client was away at a time. */
export function isAwayAt({ fromNs, backNs }: Pick<Absence, 'fromNs' | 'backNs'>, timeNs: number): boolean {
  return fromNs <= timeNs && (backNs === null || timeNs < backNs);
}

/** The absences of the clients of one process. */
export interface AbsencesOfClients {
  /** The newest absence of each client that was ever away. It may be over. */
  readonly newest: ReadonlyMap<number, RunningAbsence>;
  /** All absences, in the order in which they began. */
  readonly all: readonly RunningAbsence[];
  /** Whether a client was away at a time. */
  wasAwayAt(client: number, timeNs: number): boolean;
  /** Absences that were not over at a time, which is that of the last call or later. */
  openSince(timeNs: number): readonly RunningAbsence[];
  /** Whether it has not been called with this result for so long. */
  isReportDue(everyNs: number): boolean;
}
