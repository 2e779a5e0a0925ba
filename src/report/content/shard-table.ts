import type { MergedShard, RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { type Block, tableBlock } from '../blocks.ts';
import { type Column, column, tabulate } from './table.ts';

const SHARD_COLUMNS: ReadonlyArray<Column<MergedShard>> = [
  column('shard', 'shard', 'text', 'number of the shard', ({ index, count }) => `${index}/${count}`),
  column('host', 'host', 'text', 'name of its machine', ({ host }) => host),
  column('late', 'late', 'duration', 'how late it began', ({ lateMs }) => lateMs * 1e6),
  column(
    'clock_error',
    'clock error',
    'duration',
    'maximum error of comparing its clock with the others; a dash: not compared',
    ({ clockBoundNs }) => clockBoundNs,
  ),
  column(
    'cpu',
    'CPU',
    'text',
    'its processors',
    ({ environment: { cpuCount, cpuModel } }) => `${cpuCount} x ${cpuModel}`,
  ),
  column('node', 'Node.js', 'text', 'its version of Node.js', ({ environment }) => environment.nodeVersion),
];

const SHOWN_SHARDS = 40;

/** The shards that a result was merged from: late ones and those of unknown clocks first, where not all are shown. */
export function shardBlocks({ shards }: RunResult): Block[] {
  if (shards === null) return [];
  const urgency = ({ lateMs, clockBoundNs }: MergedShard) => (lateMs > 0 ? 2 : clockBoundNs === null ? 1 : 0);
  const isLong = shards.length > SHOWN_SHARDS;
  const shown = isLong ? shards.toSorted((a, b) => urgency(b) - urgency(a)).slice(0, SHOWN_SHARDS) : shards;
  const notes = isLong
    ? [`${SHOWN_SHARDS} of ${plural(shards.length, 'shard')}; the stored result has all`]
    : [];
  return tableBlock('Shards', tabulate(SHARD_COLUMNS, shown), notes);
}
