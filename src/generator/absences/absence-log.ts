import { foreign } from '../../foreign.ts';
import {
  type AbsencesOfClients,
  beginAbsence,
  isAwayAt,
  type RunningAbsence,
} from '../../measure/absence.ts';
import type { Clock } from '../../measure/clock.ts';
import { REASON_CHARACTERS } from '../../measure/reason-counts.ts';

/** The disruption of the plan that a connection ended by. */
export interface AbsenceCause {
  readonly disruption: number;
  readonly repetition: number;
}

/** When the clients of a worker were away. */
export class AbsenceLog implements AbsencesOfClients {
  readonly newest = new Map<number, RunningAbsence>();
  readonly all: RunningAbsence[] = [];
  readonly #byClient = new Map<number, RunningAbsence[]>();
  /** Those that were not over when they were asked for last. */
  #open: RunningAbsence[] = [];
  readonly #clock: Clock;
  #reportedNs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The connection of a client ends now; without a cause, the server or the network has ended it. */
  begin(client: number, reason: string, cause: AbsenceCause | null): RunningAbsence {
    const absence = beginAbsence({
      client,
      disruption: cause?.disruption ?? null,
      repetition: cause?.repetition ?? 0,
      reason: foreign(reason, REASON_CHARACTERS),
      fromNs: this.#clock.nowNs(),
    });
    this.newest.set(client, absence);
    const own = this.#byClient.get(client) ?? [];
    this.#byClient.set(client, own);
    for (const list of [own, this.all, this.#open]) list.push(absence);
    return absence;
  }

  wasAwayAt(client: number, timeNs: number): boolean {
    const latest = this.#byClient.get(client)?.findLast(({ fromNs }) => fromNs <= timeNs);
    return latest !== undefined && isAwayAt(latest, timeNs);
  }

  openSince(timeNs: number): readonly RunningAbsence[] {
    this.#open = this.#open.filter(({ backNs }) => backNs === null || backNs >= timeNs);
    return this.#open;
  }

  isReportDue(everyNs: number): boolean {
    const nowNs = this.#clock.nowNs();
    const isDue = nowNs - this.#reportedNs >= everyNs;
    if (isDue) this.#reportedNs = nowNs;
    return isDue;
  }

  /** The absence of a client that is away; null for one that is not. */
  present(client: number): RunningAbsence | null {
    const newest = this.newest.get(client);
    return newest === undefined || newest.backNs !== null ? null : newest;
  }

  /** Whether a client is away because of a disruption of the plan. */
  isPlanned(client: number): boolean {
    const present = this.present(client);
    return present !== null && present.disruption !== null;
  }
}
