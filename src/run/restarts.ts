import { messageOf } from '../errors.ts';
import { callAt } from '../measure/timers.ts';
import { isOfClients } from '../plan/disruptions.ts';
import { type Occurrence, occurrencesOf } from '../plan/disturbed-clients.ts';
import type { StoredRestart } from '../result/stored-absences.ts';
import type { StartedRun } from './phases.ts';

const WORKERS_KNOW_MS = 20;

/** Restarts the server when the plan says so, counted from `startNs`. Clients that lose it then were cut by the plan. */
export function scheduleRestarts(run: StartedRun, startNs: number): void {
  const { plan, layout, host, control, cleanUps } = run;
  for (const occurrence of occurrencesOf(plan, layout)) {
    if (isOfClients(occurrence.disruption)) continue;
    const isRolling = occurrence.disruption.kind === 'rolling-restart';
    const work = () => void (isRolling ? restartInTurn(run, occurrence) : restartWhole(run, occurrence));
    const cancel = callAt(host, startNs + occurrence.atMs * 1e6, work);
    cleanUps.push(cancel);
    control.signal.addEventListener('abort', cancel, { once: true });
  }
}

async function restartWhole(run: StartedRun, { index, repetition, disruption }: Occurrence): Promise<void> {
  const { signal, forMs } = disruption;
  await restartAs(run, { disruption: index, repetition, process: null }, async () => {
    await run.server.restart?.(signal, forMs ?? 0);
  });
}

/** One process after the other: each after the interval of the plan, and not before the one before it serves again. */
async function restartInTurn(run: StartedRun, { index, atMs, disruption }: Occurrence): Promise<void> {
  const { server, control, collector, host } = run;
  const { signal, forMs, everyMs } = disruption;
  const { nodes } = server;
  if (nodes === null) return;
  for (let node = 0; node < nodes.count; node++) {
    const dueNs = collector.measureStartNs + (atMs + node * (everyMs ?? 0)) * 1e6;
    await control.pause((dueNs - host.clock.nowNs()) / 1e6);
    if (control.isAborted || control.phase !== 'measure') return;
    const cause = { disruption: index, repetition: node, process: node };
    const isBack = await restartAs(run, cause, () => nodes.restart({ node, signal, downMs: forMs ?? 0 }));
    if (!isBack) return;
  }
}

/** Carries out a restart, notes how long it took, and ends the run where the server does not start again. */
async function restartAs(
  { workers, control, host, collector, restarts }: StartedRun,
  restart: Pick<StoredRestart, 'disruption' | 'repetition' | 'process'>,
  work: () => Promise<void>,
): Promise<boolean> {
  const { disruption, repetition, process } = restart;
  const nowMs = () => (host.clock.nowNs() - collector.measureStartNs) / 1e6;
  workers.postAll({ type: 'restarting', cause: { disruption, repetition } });
  // Workers have to know it before connections end.
  await control.pause(WORKERS_KNOW_MS);
  const noted: StoredRestart = { ...restart, atMs: nowMs(), upMs: null };
  restarts.push(noted);
  try {
    await work();
    noted.upMs = nowMs();
  } catch (error) {
    const what = process === null ? 'the server' : `process ${process + 1} of the server`;
    control.abort('server_died', `${what} did not start again: ${messageOf(error)}`);
  }
  workers.postAll({ type: 'restarting', cause: null });
  return noted.upMs !== null;
}
