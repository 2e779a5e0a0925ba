import { quantileBounds } from '../../result/quantile-bounds.ts';
import type { RunResult } from '../../result/run-result.ts';
import { isHeld, type ResultView, viewResult } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount, formatDurationMs, formatEstimate } from '../../units.ts';
import { plain } from '../plain.ts';
import { HEADLINE_GROUPS } from './columns.ts';
import { targetLabel } from './run-verdict.ts';
import { shortageNotes } from './table.ts';

/** What a server did where a series is the headline. */
const DEEDS: Readonly<Record<string, string>> = {
  delivery: 'delivered messages',
  ack: 'acknowledged requests',
  reply: 'sent replies',
  iteration: 'completed iterations',
  handshake: 'completed handshakes',
};

/** `1.20 ms (1.1-1.3) at p50 and 3.95 ms (3.6-4.4) at p99`; null without a median. */
function quantilesText(view: ResultView): string | null {
  const { headline } = view.result;
  const at = ([name, quantile]: readonly [string, number]) => {
    const valueNs = view.quantileNs(headline, quantile);
    if (valueNs === null) return null;
    return `${formatEstimate('duration', valueNs, quantileBounds(view, headline, quantile))} at ${name}`;
  };
  const [p50, p99] = [at(['p50', 0.5]), at(['p99', 0.99])];
  return p50 === null || p99 === null ? p50 : `${p50} and ${p99}`;
}

/** `; none of 20,000 deliveries was lost`; nothing where nothing was expected. */
function lossText({ ledger: { lost, expected } }: RunResult): string {
  if (expected === 0) return '';
  if (lost === 0) return `; none of ${formatCount(expected)} deliveries was lost`;
  return `; ${formatCount(lost)} of ${formatCount(expected)} deliveries ${lost === 1 ? 'was' : 'were'} lost`;
}

/**
 * The conclusion of one run in a sentence without a full stop:
 * `ws delivered messages in 0.400 ms (0.39-0.41) at p50; none of 20,000 deliveries was lost`. Of an invalid run,
 * why it is invalid.
 */
export function runConclusion(result: RunResult): string {
  if (result.invalid.length > 0) return result.invalid.map(({ message }) => plain(message)).join('; ');
  const target = plain(targetLabel(result));
  if (isHeld(result)) {
    const { count, incomplete } = result.samples;
    const total = plural(count + incomplete, 'connection');
    const held = `${target} held ${formatCount(count)} of ${total} for ${formatDurationMs(result.plan.durationMs)}`;
    return incomplete === 0 ? `${held}; none was cut` : held;
  }
  const latency = quantilesText(viewResult(result));
  if (latency === null) {
    return `${target}: too few samples for a median (${plural(result.samples.count, result.samples.unit)})${lossText(result)}`;
  }
  const deed = DEEDS[result.headline];
  const subject = deed === undefined ? `${target}: ${plain(result.headline)} was` : `${target} ${deed} in`;
  return `${subject} ${latency}${lossText(result)}`;
}

/** What limits the use of one result, one sentence each: findings, notes, an early end, quantiles that are left out. */
export function runCaveats(result: RunResult): string[] {
  const { findings, notes, shard, status } = result;
  const columns = HEADLINE_GROUPS.flatMap((group) => group.columns);
  return [
    ...(shard === null
      ? []
      : [`This is shard ${shard.index} of ${shard.count}: only a merge of all shards has the whole run`]),
    ...(status === 'partial' ? ['The run ended early: the figures cover only what was measured'] : []),
    ...[...findings, ...notes].map(({ message }) => plain(message)),
    ...shortageNotes(columns, [viewResult(result)]),
  ];
}
