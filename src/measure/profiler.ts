import { Session } from 'node:inspector/promises';
import type { Clock } from './clock.ts';

/** A CPU profile of V8 as JSON, and when it began on the run's clock. */
export interface TakenProfile {
  readonly startNs: number;
  readonly text: string;
}

/** Samples the stack of the main thread until it is stopped. */
export interface CpuProfiler {
  stop(): Promise<TakenProfile>;
}

/** Starts to sample the stack every `intervalUs` microseconds. Rejects where this Node.js has no inspector. */
export async function startProfiler(clock: Clock, intervalUs: number): Promise<CpuProfiler> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: intervalUs });
  // V8 sets the start of a profile first, and then logs every function that it has compiled so far.
  const startNs = clock.nowNs();
  await session.post('Profiler.start');
  return {
    async stop() {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      return { startNs, text: JSON.stringify(profile) };
    },
  };
}
