import { SockbenchError } from '../../errors.ts';
import { loadTarget } from '../../generator/target.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Collector } from '../collector.ts';
import { explainRefusal } from './explain.ts';

/** Whether clients have failed to connect, and none has succeeded. */
export function hasOnlyFailures({ workers }: Collector): boolean {
  return (
    workers.every(({ connected }) => connected === 0) &&
    workers.some(({ connectReason }) => connectReason !== null)
  );
}

/** No client could connect: throws TARGET_UNREACHABLE, which says why and what to do, within about `leftMs`. */
export async function refuseUnreachable(
  plan: Plan,
  url: string,
  { failures, workers }: Collector,
  leftMs: number,
): Promise<never> {
  const [first] = failures.take();
  const soFar = workers.map(({ connectReason }) => connectReason).find((reason) => reason !== null);
  const { connectOptions, clientOf } = await loadTarget(plan);
  const { message, hint } = await explainRefusal({
    protocol: plan.target.protocol,
    clients: plan.clients,
    connect: connectOptions(clientOf(0), url),
    reason: first?.reason ?? soFar ?? 'no answer',
    leftMs,
  });
  throw new SockbenchError({ code: 'TARGET_UNREACHABLE', message, hint });
}

/** Nobody in a room means nobody to deliver to: throws JOIN_UNANSWERED. */
export function refuseUnjoined(url: string, { joinFailures }: Collector): never {
  const [first] = joinFailures.take();
  throw new SockbenchError({
    code: 'JOIN_UNANSWERED',
    message: `the clients connected to ${url}, but none of them could join its rooms: ${first?.reason}`,
    hint: 'The server has to acknowledge enter_chat, or what the join of a target file sends; see docs/target.md.',
  });
}
