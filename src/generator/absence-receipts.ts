import { type RunningAbsence, wasAway } from '../measure/absence.ts';
import type { Receipt } from '../measure/delivery-account.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';

type ReceiptContext = Pick<WorkerContext, 'recorder' | 'sendersDelaysNs'>;

/** A message that a client received after an absence. */
interface MessageAfterAbsence {
  readonly stamp: Stamp;
  /** Its number in the ledger. */
  readonly number: number;
  /** When it was due, and when it was received, on the clock of this host. */
  readonly dueNs: number;
  readonly receivedNs: number;
}

/** Enters in the newest absence of a receiver what a message shows of it: replayed, repeated, or new. */
export function enterInAbsence(
  absence: RunningAbsence,
  message: MessageAfterAbsence,
  receipt: Receipt,
  context: ReceiptContext,
): void {
  if (receipt === 'duplicate') absence.duplicated += 1;
  if (receipt === 'reordered') absence.reordered += 1;
  if (receipt !== 'first' && receipt !== 'reordered') return;
  if (wasAway(absence, message.dueNs)) {
    enterReplayed(absence, message, context);
  } else if (absence.receivingNs === null && absence.connectedNs !== null) {
    absence.receivingNs = message.receivedNs;
    context.recorder.record('back_receiving', message.receivedNs - absence.fromNs);
  }
}

/**
 * What was sent before the attempt that succeeded may still come live: after its time on the link of its sender. Its time on
 * the link of its receiver, and in the server, begins later.
 */
function enterReplayed(
  absence: RunningAbsence,
  { stamp: { stream, intendedNs, actualNs }, number, dueNs, receivedNs }: MessageAfterAbsence,
  context: ReceiptContext,
): void {
  const { lastTriedNs, fromNs, connectedNs, inFlight } = absence;
  if (dueNs < fromNs) inFlight.set(stream, Math.min(number, inFlight.get(stream) ?? number));
  const sentNs = dueNs + actualNs - intendedNs;
  const atServerNs = sentNs + (context.sendersDelaysNs[stream] ?? 0);
  if (connectedNs === null || (lastTriedNs !== null && atServerNs >= lastTriedNs)) {
    absence.early += 1;
    return;
  }
  absence.replayed += 1;
  absence.firstReplayedNs ??= receivedNs;
  absence.lastReplayedNs = receivedNs;
  context.recorder.record('replay', receivedNs - dueNs);
}
