import type { Connection } from '../../drivers/driver.ts';
import type { RunningAbsence } from '../../measure/absence.ts';
import { callAt } from '../../measure/timers.ts';
import { cutsConnections, isOfClients } from '../../plan/disruptions.ts';
import { type Occurrence, occurrencesOf } from '../../plan/disturbed-clients.ts';
import { mayBeAway } from '../../plan/reconnect.ts';
import type { WorkerContext } from '../context.ts';
import { joinClient } from '../joining.ts';
import type { ClientPool } from '../pool.ts';
import { type AbsenceCause, AbsenceLog } from './absence-log.ts';
import { RandomCuts } from './random-cuts.ts';
import { Reconnector, type Return, type TakenAlong } from './reconnector.ts';

export interface AbsencesOptions {
  readonly context: WorkerContext;
  readonly pool: () => Pick<ClientPool, 'reconnect' | 'disturb'>;
  /** Called when a client is gone for the rest of the run, and no disruption of the plan is the cause. */
  readonly onGone: (client: number, reason: string) => void;
}

/** A disruption at one time. */
type Disturbing = Pick<Occurrence, 'disruption' | 'index' | 'repetition'>;

/** A disruption that lasts, at one client. */
interface Lasting {
  readonly cause: AbsenceCause;
  /** Ends it where its connection has not ended. */
  readonly end: () => void;
}

/** Why a connection ended, as results say it. */
const CUT_BY_PLAN = 'cut by the plan';

/**
 * A connection that a restart of the server ends may be noticed a little later. One that the server ended while its client did
 * not read is noticed when that reads again.
 */
const NOTICED_WITHIN_MS = 1000;

/** Disturbs the clients of a worker as the plan says, and has those come back that lost their connection. */
export class Absences {
  readonly log: AbsenceLog;
  readonly #options: AbsencesOptions;
  readonly #reconnector: Reconnector;
  /** The newest connection of each client, which says what the next one takes along. */
  readonly #connections = new Map<number, Connection>();
  readonly #lasting = new Map<number, Lasting>();
  /** Causes of those that have ended a moment ago. */
  readonly #over = new Map<number, AbsenceCause>();
  readonly #cancels: Array<() => void> = [];
  #restart: AbsenceCause | null = null;
  #isStopped = false;

  constructor(options: AbsencesOptions) {
    const { plan, clock, timers, recorder } = options.context;
    this.#options = options;
    this.log = new AbsenceLog(clock);
    this.#reconnector = new Reconnector({
      ...{ plan, clock, timers },
      reconnect: (client, takenAlong, onConnected) => this.#reconnect(client, takenAlong, onConnected),
      onBack: ({ fromNs, lastTriedNs, backNs }) => {
        const endNs = backNs ?? fromNs;
        recorder.record('back', endNs - fromNs);
        recorder.record('rejoin', endNs - (lastTriedNs ?? endNs));
      },
      onGivenUp: (absence, reason) => this.#giveUp(absence, reason),
    });
  }

  /** Notes a connection of a client that is ready for use. */
  opened(client: number, connection: Connection): void {
    this.#connections.set(client, connection);
  }

  /** A client has lost its connection without being cut. */
  add(client: number, reason: string): void {
    const cause = this.#lasting.get(client)?.cause ?? this.#over.get(client) ?? this.#restart;
    this.#lasting.delete(client);
    this.#begin(client, reason, cause, { offlineMs: null, sendsOffset: true, closed: null });
  }

  /** Schedules the disruptions of the clients of this worker. */
  measure(startNs: number): void {
    const { context } = this.#options;
    const { plan, layout, clients, clock, timers } = context;
    const at = (sinceStartMs: number, callback: () => void) =>
      this.#cancels.push(callAt(context, startNs + sinceStartMs * 1e6, callback));
    // Clients that lasted until the end get what the server keeps for them in the drain.
    at(plan.durationMs, () => this.#endAllLasting());
    for (const occurrence of occurrencesOf(plan, layout)) {
      if (!isOfClients(occurrence.disruption)) continue;
      const own = occurrence.clients.filter((client) => clients.has(client));
      if (own.length > 0) at(occurrence.atMs, () => this.#disturb(occurrence, own));
    }
    const random = new RandomCuts({
      ...{ plan, layout, clients, clock, timers },
      onDue: (client, disruption, forMs) => this.#disturb({ ...disruption, repetition: 0 }, [client], forMs),
    });
    random.start(startNs);
    this.#cancels.push(() => random.stop());
  }

  /** The server is about to be ended by the plan, as `cause`; it is running again for null. */
  noteRestart(cause: AbsenceCause | null): void {
    if (cause !== null) {
      this.#restart = cause;
      return;
    }
    const over = this.#restart;
    this.#options.context.timers.after(NOTICED_WITHIN_MS, () => {
      if (this.#restart === over) this.#restart = null;
    });
  }

  /** Disturbs no client any more. Those that are away still come back. */
  stopDisturbing(): void {
    for (const cancel of this.#cancels) cancel();
  }

  /** Has no client come back any more, and ends what lasts. */
  stop(): void {
    this.#isStopped = true;
    this.stopDisturbing();
    this.#reconnector.stop();
    this.#endAllLasting();
  }

  #endAllLasting(): void {
    for (const client of [...this.#lasting.keys()]) this.#endLasting(client);
  }

  #disturb(
    { disruption, index, repetition }: Disturbing,
    clients: readonly number[],
    forMs = disruption.forMs,
  ): void {
    if (!isOfClients(disruption)) return;
    const cause = { disruption: index, repetition };
    const isCut = cutsConnections(disruption);
    for (const client of clients) {
      this.#endLasting(client);
      const disturbed = this.#options.pool().disturb(client, disruption);
      // A client that is away at the time is left alone.
      if (disturbed === null) continue;
      const { end, closed } = disturbed;
      if (isCut) {
        const reason = `${CUT_BY_PLAN} (${disruption.kind})`;
        this.#begin(client, reason, cause, { offlineMs: forMs, sendsOffset: disruption.sendsOffset, closed });
      } else {
        this.#lasting.set(client, { cause, end });
      }
    }
    if (isCut || forMs === null) return;
    this.#cancels.push(
      this.#options.context.timers.after(forMs, () => {
        for (const client of clients) this.#endLasting(client, cause);
      }),
    );
  }

  /** Ends a disruption that lasts, unless it is another one than `cause`. */
  #endLasting(client: number, cause?: AbsenceCause): void {
    const lasting = this.#lasting.get(client);
    if (lasting === undefined || (cause !== undefined && lasting.cause !== cause)) return;
    this.#lasting.delete(client);
    this.#over.set(client, lasting.cause);
    lasting.end();
    this.#options.context.timers.after(NOTICED_WITHIN_MS, () => {
      if (this.#over.get(client) === lasting.cause) this.#over.delete(client);
    });
  }

  #begin(
    client: number,
    reason: string,
    cause: AbsenceCause | null,
    {
      offlineMs,
      sendsOffset,
      closed,
    }: Pick<Return, 'offlineMs' | 'closed'> & { readonly sendsOffset: boolean },
  ): void {
    const absence = this.log.begin(client, reason, cause);
    if (this.#isStopped) return;
    this.#reconnector.begin({
      absence,
      offlineMs,
      closed,
      takenAlong: this.#takenAlong(client, sendsOffset),
    });
  }

  #takenAlong(client: number, sendsOffset: boolean): TakenAlong {
    const recovery = this.#connections.get(client)?.session?.()?.recovery;
    if (recovery === undefined) return {};
    if (sendsOffset) return { recovery };
    const entries = Object.entries(recovery).map(([name, { pid }]) => [name, { pid, offset: null }] as const);
    return { recovery: Object.fromEntries(entries) };
  }

  /** What the server has restored is not joined again. */
  async #reconnect(
    client: number,
    takenAlong: TakenAlong,
    onConnected: (connection: Connection) => void,
  ): Promise<void> {
    const { context, pool } = this.#options;
    await pool().reconnect(client, {
      takenAlong,
      onReady: onConnected,
      enter: async (connection) => {
        if (connection.session?.()?.isRecovered === true) return;
        const problem = await joinClient(context, client, connection);
        if (problem !== null) throw new Error(problem);
      },
    });
  }

  #giveUp({ client, disruption, attempts }: RunningAbsence, reason: string): void {
    if (disruption !== null) return;
    this.#options.onGone(client, attempts === 0 ? reason : `could not reconnect: ${reason}`);
  }
}

/** The absences of a worker; null where no client of the run is disturbed or comes back. */
export function absencesOf(options: AbsencesOptions): Absences | null {
  const { context } = options;
  if (!mayBeAway(context.plan)) return null;
  const absences = new Absences(options);
  context.absences = absences.log;
  return absences;
}
