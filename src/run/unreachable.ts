import { isClientProblem } from '../contract/hooks.ts';
import type { ConnectOptions } from '../drivers/driver.ts';
import { REFUSED_BY_OWN_SYSTEM } from '../drivers/reason.ts';
import { fail } from '../errors.ts';
import { loadTarget } from '../generator/target.ts';
import type { Timers } from '../measure/timers.ts';
import type { Plan } from '../plan/plan.ts';
import { FINDINGS } from '../result/findings.ts';
import { plural } from '../text.ts';
import { formatBytes, formatCount } from '../units.ts';
import type { Collector } from './collector.ts';
import type { RunControl } from './control.ts';
import { explainSystemLimit } from './diagnose/system-limits.ts';
import type { RunHost } from './host.ts';

/** Time for the functions of a target that a diagnosis needs. */
const TARGET_WITHIN_MS = 1000;

/** A run of which no client could connect. */
interface UnreachedRun {
  readonly plan: Plan;
  readonly host: Pick<RunHost, 'explainRefusal' | 'timers'>;
  readonly control: Pick<RunControl, 'elapsedMs'>;
  readonly collector: Pick<Collector, 'connectFailure'>;
  readonly server: { readonly url: string };
}

/**
 * Throws SYSTEM_LIMIT when the system of the generator opened no connection, CLIENT_HOOK_FAILED when the hooks of the
 * target failed, else TARGET_UNREACHABLE. Finds the reason and what to do within what is left of the connect timeout.
 */
export async function failUnreachable({
  plan,
  host,
  control,
  collector,
  server,
}: UnreachedRun): Promise<never> {
  const reason = collector.connectFailure ?? 'no answer';
  if (reason.includes(REFUSED_BY_OWN_SYSTEM)) {
    const { found, remedy } = explainSystemLimit(reason) ?? {
      found: reason,
      remedy: FINDINGS.system_limit.remedy,
    };
    fail('SYSTEM_LIMIT', `no client could connect: ${found}`, `To fix it, ${remedy}.`);
  }
  if (isClientProblem(reason)) {
    fail(
      'CLIENT_HOOK_FAILED',
      `none of ${plural(plan.clients, 'client')} could connect to ${server.url}: ${reason}`,
      reason.includes('ECONNREFUSED')
        ? 'Start the server there, or give the command that starts it with --exec.'
        : 'Check that function of the target file, and the log of the server.',
    );
  }
  const { message, hint } = await host.explainRefusal({
    protocol: plan.target.protocol,
    clients: plan.clients,
    connect: await firstConnectOptions(plan, server.url, host.timers),
    reason,
    leftMs: plan.connectTimeoutMs - control.elapsedMs,
  });
  return fail('TARGET_UNREACHABLE', message, hint);
}

/** How the first client connects. Only the URL where functions of the target fail, or are not over in a second. */
async function firstConnectOptions(plan: Plan, url: string, timers: Timers): Promise<ConnectOptions> {
  const { transport, connectTimeoutMs: timeoutMs } = plan;
  const bare = { url, transport, timeoutMs };
  const target = await loadTarget(plan);
  const whole = target.prepare(0).then((client) => target.connectOptions(client, url));
  return Promise.race([whole.catch(() => bare), timers.sleep(TARGET_WITHIN_MS).then(() => bare)]);
}

/** Throws MESSAGE_TOO_LARGE when the server takes no message as large as those of this run. */
export function requireFittingMessages({
  plan,
  collector,
}: {
  readonly plan: Plan;
  readonly collector: Pick<Collector, 'tooLarge'>;
}): void {
  if (collector.tooLarge === null) return;
  const { messageBytes, maxBytes } = collector.tooLarge;
  fail(
    'MESSAGE_TOO_LARGE',
    `with a payload of ${formatBytes(plan.payloadBytes)}, a message has ${formatCount(messageBytes)} bytes, and the server accepts at most ${formatCount(maxBytes)}`,
    'Use a smaller --payload, or increase maxHttpBufferSize of the server.',
  );
}
