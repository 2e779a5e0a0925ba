import { readsSlowly } from '../../plan/disturbed-clients.ts';
import { sumOfReasons } from '../../result/aggregate.ts';
import type { Finding } from '../../result/findings.ts';
import type { StoredSlowReaders } from '../../result/stored-absences.ts';
import type { ResultView } from '../../result/view.ts';
import { listCounted, plural } from '../../text.ts';
import { formatCount, formatNs } from '../../units.ts';

/** Notes how clients fared that read, while the plan kept others from reading, and what became of these. */
export function noteSlowReaders(view: ResultView): Finding | null {
  const { slowReaders } = view.result;
  if (slowReaders === null) return null;
  const { slow, others } = slowReaders;
  const total = plural(slow.clients + others.clients, 'receiver');
  const message = [
    `p99 of the other receivers ${p99Text(view, 'delivery_before')} before ${formatCount(slow.clients)} of ${total} read slowly, ${p99Text(view, 'delivery_others')} meanwhile`,
    `${groupLossText(others)} to the others, ${groupLossText(slow)} to the slow ones`,
    slowCutsText(view),
  ].join('; ');
  return { code: 'slow_readers', message };
}

function p99Text(view: ResultView, series: string): string {
  const latencyNs = view.quantileNs(series, 0.99);
  return latencyNs === null ? 'unknown' : formatNs(latencyNs);
}

/** `12 of 300 deliveries lost`; `12 of 300 deliveries lost and 5 missed` */
function groupLossText({ expected, lost, missed }: StoredSlowReaders['slow']): string {
  const counts = `${formatCount(lost)} of ${plural(expected, 'delivery')} lost`;
  return missed === 0 ? counts : `${counts} and ${formatCount(missed)} missed`;
}

/** When and why slow clients lost their connection. */
function slowCutsText({ result: { plan, disruptions } }: ResultView): string {
  const cuts = disruptions.filter(({ disruption }) => {
    const planned = disruption === null ? undefined : plan.disruptions[disruption];
    return planned !== undefined && readsSlowly(planned);
  });
  const [first] = cuts;
  if (first === undefined) return 'no slow one was cut';
  const reasons = cuts.flatMap((cut) => cut.reasons);
  const count = sumOfReasons(reasons);
  return `${plural(count, 'slow connection')} cut, the first ${formatNs(first.atMs * 1e6)} after the start: ${listCounted(reasons)}`;
}
