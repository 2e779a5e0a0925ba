import type { Ledger } from '../measure/ledger.ts';
import type { WorkerContext } from './context.ts';
import type { AbsencesOfWorker } from './messages.ts';
import type { SentTimes } from './sent-times.ts';

/** What the coordinator needs to balance the absences of a worker's clients; null where no client of the run comes back. */
export function reportAbsences(
  { absences }: Pick<WorkerContext, 'absences'>,
  ledger: Pick<Ledger, 'missingOf'>,
  times: Pick<SentTimes, 'all'>,
): AbsencesOfWorker | null {
  if (absences === null) return null;
  return {
    absences: absences.all,
    missing: ledger.missingOf(new Set(absences.newest.keys())),
    sentTimes: times.all(),
  };
}

/** Time between two reports of absences in the drain. */
const REPORT_ABSENCES_EVERY_NS = 500e6;

/** Makes the same report in the drain, where it has been some time since the last one; null before. */
export function absencesInDrain(
  context: Pick<WorkerContext, 'absences'>,
  ledger: Pick<Ledger, 'missingOf'>,
  times: Pick<SentTimes, 'all'>,
): AbsencesOfWorker | null {
  const { absences } = context;
  return absences?.isReportDue(REPORT_ABSENCES_EVERY_NS) === true
    ? reportAbsences(context, ledger, times)
    : null;
}

/** Absences that were not over at `sinceNs`, as `away` of a snapshot; null where no client of the run comes back. */
export function awaySince(
  { absences }: Pick<WorkerContext, 'absences'>,
  sinceNs: number,
): Float64Array | null {
  if (absences === null) return null;
  return Float64Array.from(
    absences
      .openSince(sinceNs)
      .flatMap(({ client, fromNs, backNs }) => [client, fromNs, backNs ?? Number.POSITIVE_INFINITY]),
  );
}
