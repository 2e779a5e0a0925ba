import { ReasonCounts } from '../../measure/reason-counts.ts';
import type { Finding } from '../../result/findings.ts';
import type { RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { formatCount, formatFigure } from '../../units.ts';

/** Clients that the policy let try, and that were not back at the end. */
export function findNotBack({ plan, disruptions }: RunResult): Finding | null {
  if (plan.reconnect.kind === 'none') return null;
  const away = disruptions.reduce((sum, { clients, back, untried }) => sum + clients - back - untried, 0);
  if (away === 0) return null;
  const failures = new ReasonCounts();
  for (const each of disruptions) failures.addAll(each.failures);
  const why = failures.commonest === null ? 'no attempt had ended' : failures.commonest;
  const count = disruptions.reduce((sum, { clients }) => sum + clients, 0);
  const message = `${formatCount(away)} of ${plural(count, 'absence')} did not end: ${why}`;
  return { code: 'not_back', message };
}

/** Connections that the server still had of clients that have another one. */
export function findConnectionsLeft({ socketsAfter }: RunResult): Finding | null {
  if (socketsAfter === null || socketsAfter.server <= socketsAfter.clients) return null;
  const { server, clients } = socketsAfter;
  const each = clients === 0 ? '' : `, ${formatFigure(server / clients)} for each`;
  const message = `the server had ${plural(server, 'connection')} after the drain for ${plural(clients, 'connected client')}${each}`;
  return { code: 'connections_left', message };
}
