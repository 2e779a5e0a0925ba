import type { Finding } from '../result/findings.ts';
import { formatBytes } from '../units.ts';
import { explainClose } from './diagnose/close-codes.ts';
import type { RunParts } from './phases.ts';

type LosingRun = Pick<RunParts, 'plan' | 'control' | 'membership' | 'collector'>;

/** Source: the defaults of socket.io (1 MB), ws (100 MiB), Bun (16 MiB) and uWebSockets.js (16 KiB). */
const SMALLEST_LIMIT_BYTES = 16_384;
const TOO_BIG = /\b1009\b|HTTP status 413/;

/** What the close code in a reason means; empty for none. */
function closeAdvice(reason: string): string {
  const meaning = explainClose(reason);
  return meaning === null ? '' : `; ${meaning}`;
}

/** Ends warm-up and measuring when no client, no sender or no receiver is left. */
export function endWithoutClients(run: LosingRun): void {
  const { control } = run;
  const isSending = control.phase === 'warm-up' || control.phase === 'measure';
  const finding = isSending && !control.isAborted ? findLost(run) : null;
  if (finding !== null) control.abort(finding.code, finding.message);
}

/** Why nothing can be measured any more; null while something can. */
export function findLost({ plan, membership, collector }: Omit<LosingRun, 'control'>): Finding | null {
  const { lost } = membership;
  if (lost === null) return null;
  const reason = collector.dropped.commonest ?? collector.connectFailure ?? 'the reason is unknown';
  const isTooBig = TOO_BIG.test(reason);
  const hasReceived =
    collector.totals().delivered > 0 ||
    collector.windows.warmup.mediansNs(1).some((medianNs) => medianNs !== null);
  const mayBeTooBig = plan.payloadBytes >= SMALLEST_LIMIT_BYTES && !hasReceived;
  const advice =
    isTooBig || mayBeTooBig
      ? `; the server ${isTooBig ? 'limits' : 'may limit'} the size of a message (maxHttpBufferSize of Socket.IO, maxPayload of ws), and ${(plan.payload?.kind ?? 'size') === 'size' ? 'the payload' : 'the largest payload'} has ${formatBytes(plan.payloadBytes)}`
      : '';
  return {
    code: lost === 'sender' ? 'sender_lost' : 'clients_lost',
    message: `no ${lost} is connected: ${reason}${advice === '' ? closeAdvice(reason) : advice}`,
  };
}
