import type { GeneratorSample } from '../measure/telemetry.ts';
import type { Finding } from '../result/findings.ts';
import type { Receiving } from '../result/stored-clock.ts';
import { formatCount } from '../units.ts';
import type { WorkerRecord } from './worker-record.ts';

interface ReceivingWorker extends Pick<WorkerRecord, 'sockets'> {
  readonly telemetry: readonly GeneratorSample[];
}

/** How the clients of a run received, and the finding for a run whose messages were timed by different clocks. */
export function receivingOf(workers: readonly ReceivingWorker[]): {
  readonly receiving: Receiving;
  readonly clocksDiffer: Finding | null;
} {
  const samples = workers.flatMap(({ telemetry }) => telemetry);
  const sum = (name: 'receivedCount' | 'stampedCount') =>
    samples.reduce((total, sample) => total + (sample[name] ?? 0), 0);
  const [received, stamped] = [sum('receivedCount'), sum('stampedCount')];
  const { sockets, problem } = socketsOf(workers);
  const isByKernel = received === 0 ? sockets === 'kernel' : stamped === received;
  const isMixed = stamped > 0 && stamped < received;
  const message = `${formatCount(stamped)} of ${formatCount(received)} messages were timed by the kernel, the others by the generator`;
  return {
    receiving: { clock: isByKernel ? 'kernel' : 'process', sockets, problem },
    clocksDiffer: isMixed ? { code: 'receive_clocks_differ', message } : null,
  };
}

/** The sockets of the workers. Where they differ, those of Node.js, with the reason of the worker that has them. */
function socketsOf(workers: readonly ReceivingWorker[]): Omit<Receiving, 'clock'> {
  const known = workers.map(({ sockets }) => sockets).filter((sockets) => sockets !== null);
  const [first] = known;
  if (first === undefined) return { sockets: 'driver', problem: null };
  const { kind, problem } = known.find((sockets) => sockets.kind === 'node') ?? first;
  return { sockets: kind, problem };
}
