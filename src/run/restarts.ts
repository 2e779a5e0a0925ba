import { messageOf } from '../errors.ts';
import { isOfClients } from '../plan/disruptions.ts';
import { type Occurrence, occurrencesOf } from '../plan/disturbed-clients.ts';
import type { StartedRun } from './phases.ts';

/** Restarts the server when the plan says so, counted from `startNs`. Clients that lose it then were cut by the plan. */
export function scheduleRestarts(run: StartedRun, startNs: number): void {
  const { plan, layout, host, control, cleanUps } = run;
  for (const occurrence of occurrencesOf(plan, layout)) {
    if (isOfClients(occurrence.disruption)) continue;
    const delayMs = (startNs - host.clock.nowNs()) / 1e6 + occurrence.atMs;
    const cancel = host.timers.after(Math.max(0, delayMs), () => void restart(run, occurrence));
    cleanUps.push(cancel);
    control.signal.addEventListener('abort', cancel, { once: true });
  }
}

async function restart({ server, workers, control }: StartedRun, occurrence: Occurrence): Promise<void> {
  const { index, repetition, disruption } = occurrence;
  workers.postAll({ type: 'restarting', cause: { disruption: index, repetition } });
  try {
    await server.restart?.(disruption.signal, disruption.forMs ?? 0);
  } catch (error) {
    control.abort('server_died', `the server did not start again: ${messageOf(error)}`);
  }
  workers.postAll({ type: 'restarting', cause: null });
}
