import type { Scenario } from '../contract/scenario.ts';
import type { Plan } from '../plan/plan.ts';
import { isAnomalous, keepWorst } from '../result/bound.ts';
import type { Finding } from '../result/findings.ts';
import type { RunResult } from '../result/run-result.ts';
import { assembleResult, type RunClock } from '../run/assemble.ts';
import { NO_PROFILES } from '../run/profiles.ts';
import type { BalancedStream } from './balance.ts';
import type { GatheredRun } from './gathered.ts';
import { isOfThread, placeOfNumber } from './numbers.ts';

export interface ArtilleryRecord {
  readonly plan: Plan;
  readonly scenario: Scenario;
  readonly gathered: GatheredRun;
  readonly startedAt: Date;
  readonly clock: RunClock;
  readonly environment: RunResult['environment'];
  readonly abortReasons: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly pid: number;
  readonly timing: Omit<RunResult['timing'], 'measureMs'>;
}

/** Makes the ordinary result of a run inside Artillery. */
export function resultOfArtillery(record: ArtilleryRecord): RunResult {
  const { gathered, scenario, startedAt, environment, abortReasons, notes, pid, timing } = record;
  const balanced = gathered.finish();
  const { collector, membership, measureMs } = gathered;
  const warmupMs = Math.max(0, (collector.measureStartNs - collector.warmupStartNs) / 1e6) || 0;
  const plan = planOf(record.plan, gathered, balanced, warmupMs);
  const windowMediansNs = collector.windows.warmup.mediansNs(1);
  const result = assembleResult(
    {
      plan,
      scenario,
      membership,
      collector,
      shard: null,
      relay: null,
      restarts: [],
      serverSockets: null,
      startedAt,
      clock: record.clock,
      environment,
      workerPids: gathered.threads.map(() => pid),
      servers: [],
      profiles: NO_PROFILES,
      serverOutput: [],
      abortReasons,
      notes,
      warmup: { durationMs: warmupMs, stable: null, endedBy: 'plan', windowMs: 1000, windowMediansNs },
      timing: { ...timing, warmupMs, measureMs },
    },
    ledgerOf(gathered, balanced),
  );
  const numbers = new Map([...gathered.members.keys()].map((client, place) => [client, place]));
  const slowest = result.slowest.map((each) => ({
    ...each,
    lastReceiver: numbers.get(each.lastReceiver) ?? 0,
  }));
  return { ...result, slowest };
}

/** The plan with what Artillery made of it. */
function planOf(
  plan: Plan,
  gathered: GatheredRun,
  balanced: readonly BalancedStream[],
  warmupMs: number,
): Plan {
  const durationMs = gathered.measureMs;
  const messages = balanced.reduce((sum, { sent }) => sum + sent.actualNs.length, 0);
  const rateHz = messages / (durationMs / 1000);
  return {
    ...plan,
    clients: gathered.members.size,
    workers: gathered.threads.length,
    profile: [{ durationMs, fromHz: rateHz, toHz: rateHz }],
    durationMs,
    warmupMs,
    warmupMaxMs: warmupMs,
  };
}

function ledgerOf(
  { collector, threads, missing, members }: GatheredRun,
  balanced: readonly BalancedStream[],
): RunResult['ledger'] {
  const accounts = balanced.flatMap((stream) => stream.accounts);
  const sum = (name: 'expected' | 'delivered' | 'lost' | 'late' | 'duplicated' | 'reordered' | 'corrupted') =>
    accounts.reduce((total, account) => total + account[name], 0);
  const strangers = balanced.reduce((total, { unexpected }) => total + unexpected, 0);
  const isSilent = (client: number) => missing.some((thread) => isOfThread(client, thread));
  const unknown = accounts.reduce((total, { receiver, lost }) => total + (isSilent(receiver) ? lost : 0), 0);
  const numbers = new Map([...members.keys()].map((client, place) => [client, place]));
  const rows = accounts.filter(isAnomalous).map((account) => ({
    ...account,
    missed: 0,
    stream:
      placeOfNumber(account.stream) * threads.length +
      threads.findIndex((thread) => isOfThread(account.stream, thread)),
    receiver: numbers.get(account.receiver) ?? 0,
    sender: numbers.get(account.sender) ?? 0,
  }));
  return {
    expected: sum('expected'),
    delivered: sum('delivered'),
    late: sum('late'),
    lost: sum('lost') - unknown,
    unknown,
    dropped: 0,
    missed: 0,
    duplicated: sum('duplicated'),
    reordered: sum('reordered'),
    corrupted: sum('corrupted'),
    unexpected: collector.totals().unexpected + strangers,
    ...keepWorst(rows),
  };
}
