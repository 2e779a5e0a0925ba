import { isSecure } from '../contract/address.ts';
import type { GeneratorSample } from '../measure/telemetry.ts';
import type { Plan } from '../plan/plan.ts';
import type { Finding } from '../result/findings.ts';
import type { Receiving } from '../result/stored-clock.ts';
import { formatCount } from '../units.ts';
import type { WorkerRecord } from './worker-record.ts';

interface ReceivingWorker extends Pick<WorkerRecord, 'sockets'> {
  readonly telemetry: readonly GeneratorSample[];
}

const OVER_TLS = 'connections with TLS use the sockets of Node.js';

/** How the clients of a run received, and the finding for a run whose messages were timed by different clocks. */
export function receivingOf(
  { target }: Pick<Plan, 'target'>,
  workers: readonly ReceivingWorker[],
): { readonly receiving: Receiving; readonly clocksDiffer: Finding | null } {
  const samples = workers.flatMap(({ telemetry }) => telemetry);
  const sum = (name: 'receivedCount' | 'stampedCount') =>
    samples.reduce((total, sample) => total + (sample[name] ?? 0), 0);
  const [received, stamped] = [sum('receivedCount'), sum('stampedCount')];
  const { sockets, problem } = socketsOf(target.url, workers);
  const isByKernel = received === 0 ? sockets === 'kernel' : stamped === received;
  const isMixed = stamped > 0 && stamped < received;
  const message = `${formatCount(stamped)} of ${formatCount(received)} messages were timed by the kernel, the others by the generator`;
  return {
    receiving: { clock: isByKernel ? 'kernel' : 'process', sockets, problem },
    clocksDiffer: isMixed ? { code: 'receive_clocks_differ', message } : null,
  };
}

/** The sockets of the workers. Where they differ, those of Node.js, with the reason of the worker that has them. */
function socketsOf(url: string | null, workers: readonly ReceivingWorker[]): Omit<Receiving, 'clock'> {
  const known = workers.map(({ sockets }) => sockets).filter((sockets) => sockets !== null);
  const [first] = known;
  if (first === undefined) return { sockets: 'driver', problem: null };
  const { kind, problem } = known.find((sockets) => sockets.kind === 'node') ?? first;
  if (kind === 'kernel' && url !== null && isSecure(new URL(url))) {
    return { sockets: 'node', problem: OVER_TLS };
  }
  return { sockets: kind, problem };
}
