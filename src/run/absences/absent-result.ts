import type { Absence } from '../../measure/absence.ts';
import { readsSlowly, timeOfRepetition } from '../../plan/disturbed-clients.ts';
import { mayBeAway } from '../../plan/reconnect.ts';
import { boundAbsences, disruptionOutcomes } from '../../result/disruption-outcomes.ts';
import type { RunResult } from '../../result/run-result.ts';
import type { StoredAbsence } from '../../result/stored-absences.ts';
import type { RunParts } from '../phases.ts';
import { type BalancedAbsence, type BalancedAbsences, balanceAbsences, IN_FLIGHT_NS } from './balance.ts';
import { membersIn } from './members.ts';
import { type ServerSockets, storeSockets } from './server-sockets.ts';

type AbsentRecord = Pick<RunParts, 'plan' | 'membership' | 'collector'>;

/** Balances the absences of a run by the last reports of its workers. */
export function balanceReported({ plan, membership, collector }: AbsentRecord): BalancedAbsences {
  return balanceAbsences({
    reports: collector.workers.flatMap(({ absences }) => absences ?? []),
    copiesOf: (stream) => membership.copies(stream),
    hasLeft: ({ disruption }: Absence) =>
      disruption !== null && plan.disruptions[disruption]?.kind === 'leave',
    inFlightNs: ({ disruption, repetition, fromNs }) => {
      const planned = plan.disruptions[disruption ?? -1];
      if (planned === undefined) return IN_FLIGHT_NS;
      // For a client that leaves, the run is over then: what takes longer than the drain is lost.
      if (planned.kind === 'leave') return Math.max(IN_FLIGHT_NS, plan.drainMs * 1e6);
      if (!readsSlowly(planned)) return IN_FLIGHT_NS;
      // The server may have cut it at any time since the plan has kept it from reading.
      const sinceNs = collector.measureStartNs + timeOfRepetition(planned, repetition) * 1e6;
      return IN_FLIGHT_NS + Math.max(0, fromNs - sinceNs);
    },
  });
}

/**
 * Balances the absences of a run at its end. The seconds of its timeline then have what was missed, and no longer what was
 * not expected.
 */
export function balanceAbsent(record: AbsentRecord): BalancedAbsences {
  const { collector } = record;
  const absent = balanceReported(record);
  const secondOf = (timeNs: number) => Math.floor((timeNs - collector.measureStartNs) / 1e9);
  collector.broadcasts.completeWithout(absent.inFlight);
  collector.timeline.addAbsent(absent.missed.dueNs.map(secondOf), absent.notExpected.dueNs.map(secondOf));
  return absent;
}

/** What a result holds of absences. */
export function storeAbsent(
  { absences }: BalancedAbsences,
  {
    plan,
    membership,
    collector: { measureStartNs },
    serverSockets,
    timing,
  }: AbsentRecord & {
    readonly serverSockets: ServerSockets | null;
    readonly timing: Pick<RunResult['timing'], 'measureMs'>;
  },
): Pick<RunResult, 'disruptions' | 'absences' | 'absenceCount' | 'members' | 'socketsAfter'> {
  const stored = absences.map((absence) => storeAbsence(absence, measureStartNs));
  return {
    disruptions: disruptionOutcomes(stored, plan),
    absences: boundAbsences(stored),
    absenceCount: stored.length,
    members: mayBeAway(plan) ? membersIn(stored, membership.connected.length, timing.measureMs) : null,
    socketsAfter: serverSockets && storeSockets(serverSockets, absences, membership),
  };
}

function storeAbsence(absence: BalancedAbsence, measureStartNs: number): StoredAbsence {
  const { client, disruption, repetition, reason, attempts, failure, recovered } = absence;
  const { replayed, early, missed, lost, duplicated, reordered } = absence;
  const atMs = (timeNs: number | null) => (timeNs === null ? null : (timeNs - measureStartNs) / 1e6);
  return {
    ...{ client, disruption, repetition, reason, attempts, failure, recovered },
    fromMs: (absence.fromNs - measureStartNs) / 1e6,
    triedMs: atMs(absence.lastTriedNs),
    connectedMs: atMs(absence.connectedNs),
    backMs: atMs(absence.backNs),
    receivingMs: atMs(absence.receivingNs),
    firstReplayedMs: atMs(absence.firstReplayedNs),
    lastReplayedMs: atMs(absence.lastReplayedNs),
    ...{ replayed, early, missed, lost, duplicated, reordered },
  };
}
