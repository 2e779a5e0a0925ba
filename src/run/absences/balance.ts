import type { AbsencesOfWorker } from '../../generator/messages.ts';
import { type Absence, isAwayAt } from '../../measure/absence.ts';
import { keyOfBroadcast } from '../../measure/fanout.ts';
import type { MissingOfAccount } from '../../measure/ledger.ts';

/** A message that was due so long before a cut may have been in flight, of a client that reads as it should. */
export const IN_FLIGHT_NS = 1e9;

/** What is known of a run whose clients were away. */
export interface RecordedAbsences {
  readonly reports: readonly AbsencesOfWorker[];
  /** Copies that a receiver gets of each message of a stream. */
  readonly copiesOf: (stream: number) => number;
  /** Whether the client had left by itself, so that nothing was expected until it was back. */
  readonly hasLeft: (absence: Absence) => boolean;
  /** How long before the cut a message may have been due that was in flight then. */
  readonly inFlightNs: (absence: Absence) => number;
}

/** Missing messages by stream and receiver, and by when they were due. */
export class MissingCounts {
  readonly #byAccount = new Map<number, number>();
  readonly dueNs: number[] = [];

  add(receiver: number, stream: number, dueNs: number): void {
    const account = keyOfAccount(stream, receiver);
    this.#byAccount.set(account, (this.#byAccount.get(account) ?? 0) + 1);
    this.dueNs.push(dueNs);
  }

  of(receiver: number, stream: number): number {
    return this.#byAccount.get(keyOfAccount(stream, receiver)) ?? 0;
  }

  get total(): number {
    return this.dueNs.length;
  }
}

const keyOfAccount = (stream: number, receiver: number) => stream * 2 ** 32 + receiver;

/** What became of the messages that were sent while a client was away. `missed`: no recovery was promised. */
export interface BalancedAbsence extends Absence {
  readonly missed: number;
  readonly lost: number;
}

/** The missing messages of a run as far as they belong to absences. */
export interface BalancedAbsences {
  /** In the order in which they began. */
  readonly absences: readonly BalancedAbsence[];
  /** Messages that no server promised to replay. */
  readonly missed: MissingCounts;
  /** Messages to clients that had left. */
  readonly notExpected: MissingCounts;
  /** Messages that were due before a cut and were in flight then: how many receivers lack each, by its broadcast. */
  readonly inFlight: ReadonlyMap<number, number>;
}

/** What is known of a run in which no client was away. */
export const NO_ABSENCES: BalancedAbsences = {
  absences: [],
  missed: new MissingCounts(),
  notExpected: new MissingCounts(),
  inFlight: new Map(),
};

/**
 * Finds the absence that each missing message belongs to: it was due then, or it was in flight at the cut, which is after
 * the last one that its receiver had got. It is lost where the server said that it had restored the session, and missed
 * otherwise. A message that belongs to no absence is not counted here.
 */
export function balanceAbsences({
  reports,
  copiesOf,
  hasLeft,
  inFlightNs,
}: RecordedAbsences): BalancedAbsences {
  const absences = reports
    .flatMap((report) => report.absences)
    .map((absence) => ({
      ...{ ...absence, missed: 0, lost: 0 },
      sinceNs: absence.fromNs - inFlightNs(absence),
    }))
    .sort((a, b) => a.fromNs - b.fromNs || a.client - b.client);
  const byClient = Map.groupBy(absences, ({ client }) => client);
  const times = new Map(
    reports.flatMap(({ sentTimes }) => sentTimes.map(({ stream, dueNs }) => [stream, dueNs])),
  );
  const [missed, notExpected] = [new MissingCounts(), new MissingCounts()];
  const inFlight = new Map<number, number>();
  for (const account of reports.flatMap(({ missing }) => missing)) {
    const { receiver, stream } = account;
    const dueNs = times.get(stream);
    if (dueNs === undefined) continue;
    const own = byClient.get(receiver) ?? [];
    const copies = copiesOf(stream);
    for (const { absence, number, messageNs } of missingOf(account, dueNs, copies, own)) {
      if (messageNs < absence.fromNs) {
        const key = keyOfBroadcast(stream, Math.floor(number / copies));
        inFlight.set(key, (inFlight.get(key) ?? 0) + 1);
      }
      if (hasLeft(absence)) notExpected.add(receiver, stream, messageNs);
      else if (absence.recovered === true) absence.lost += 1;
      else {
        absence.missed += 1;
        missed.add(receiver, stream, messageNs);
      }
    }
  }
  return { absences, missed, notExpected, inFlight };
}

/** What was due from `sinceNs` on may have been in flight at its cut. */
type AbsenceSince = Absence & { readonly sinceNs: number };

/** The missing messages of an account that belong to an absence, and when they were due. */
function* missingOf<Own extends AbsenceSince>(
  { stream, gaps, next }: MissingOfAccount,
  dueNs: Float64Array,
  copies: number,
  own: readonly Own[],
): Generator<{ readonly absence: Own; readonly number: number; readonly messageNs: number }> {
  const end = dueNs.length * copies;
  const timeOf = (number: number) => dueNs[Math.floor(number / copies)] ?? Number.POSITIVE_INFINITY;
  for (const [first, last] of [...pairs(gaps), [next, end - 1] as const]) {
    for (let number = first; number <= last; number++) {
      const messageNs = timeOf(number);
      // No receiver expects it: it was rejected, or not sent after all.
      if (Number.isNaN(messageNs)) continue;
      const absence =
        own.findLast((each) => isAwayAt(each, messageNs)) ??
        own.find((each) =>
          isInFlight(each, { stream, messageNs, after: last + 1, afterNs: timeOf(last + 1) }),
        );
      if (absence !== undefined) yield { absence, number, messageNs };
    }
  }
}

function* pairs(gaps: Float64Array): Generator<readonly [first: number, last: number]> {
  for (let at = 0; at + 1 < gaps.length; at += 2) yield [gaps[at] ?? 0, gaps[at + 1] ?? -1];
}

interface MissingMessage {
  readonly stream: number;
  readonly messageNs: number;
  /** The first message after it that arrived, and when that was due; infinite where none arrived. */
  readonly after: number;
  readonly afterNs: number;
}

/** Whether a missing message was in flight when a connection was cut: what came after it did not arrive before the cut. */
function isInFlight(
  { fromNs, sinceNs, inFlight }: AbsenceSince,
  { stream, messageNs, after, afterNs }: MissingMessage,
): boolean {
  if (messageNs >= fromNs || messageNs < sinceNs) return false;
  const firstReplayed = inFlight.get(stream);
  // The next one may have been rejected, and has no time then.
  return !(afterNs < fromNs) || (firstReplayed !== undefined && after >= firstReplayed);
}
