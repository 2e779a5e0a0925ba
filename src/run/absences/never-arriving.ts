import type { Plan } from '../../plan/plan.ts';
import { allowsAttempt, mayBeAway } from '../../plan/reconnect.ts';
import type { RunParts } from '../phases.ts';
import { balanceReported } from './absent-result.ts';
import type { BalancedAbsence } from './balance.ts';

/** A server that promises no recovery may replay messages so long after a client is back. */
const REPLAYED_WITHIN_NS = 1e9;

/** Messages that the drain does not wait for, because nothing brings them any more to clients that were away. */
export class NeverArriving {
  readonly #run: Pick<RunParts, 'plan' | 'membership' | 'collector' | 'host'>;
  #reports: ReadonlyArray<unknown> = [];
  #count = 0;

  constructor(run: Pick<RunParts, 'plan' | 'membership' | 'collector' | 'host'>) {
    this.#run = run;
  }

  /** As of the last reports of the workers. */
  get count(): number {
    const { plan, collector } = this.#run;
    if (!mayBeAway(plan)) return 0;
    const reports = collector.workers.map(({ absences }) => absences);
    if (reports.some((report, worker) => report !== this.#reports[worker])) {
      this.#reports = reports;
      this.#count = this.#balance();
    }
    return this.#count;
  }

  #balance(): number {
    const { plan, host } = this.#run;
    const nowNs = host.clock.nowNs();
    const { absences, notExpected } = balanceReported(this.#run);
    const isOver = ({ backNs, ...absence }: BalancedAbsence) =>
      backNs === null ? isGivenUp(absence, plan) : nowNs - backNs > REPLAYED_WITHIN_NS;
    return absences.filter(isOver).reduce((sum, { missed }) => sum + missed, notExpected.total);
  }
}

/** Whether a client that is away does not try again. */
function isGivenUp(
  { attempts, failure }: Pick<BalancedAbsence, 'attempts' | 'failure'>,
  { reconnect }: Pick<Plan, 'reconnect'>,
): boolean {
  return reconnect.kind === 'none' || (failure !== null && !allowsAttempt(reconnect, attempts + 1));
}
