import type { RunResult } from '../../result/run-result.ts';
import type { StoredSlowBroadcast } from '../../result/stored-moments.ts';
import { formatCount } from '../../units.ts';
import { type Block, tableBlock } from '../blocks.ts';
import { column, tabulate } from './table.ts';

const SLOWEST_COLUMNS = [
  column<StoredSlowBroadcast>(
    'at',
    'time',
    'text',
    'when it was due, from the start of measuring',
    ({ atMs }) => `${(atMs / 1000).toFixed(3)} s`,
  ),
  column<StoredSlowBroadcast>(
    'last',
    'last receiver',
    'duration',
    'intended send to the last receiver reached',
    ({ lastNs }) => lastNs,
    { unitGroup: 'latency' },
  ),
  column<StoredSlowBroadcast>(
    'skew',
    'skew',
    'duration',
    'first receiver to last receiver reached',
    ({ firstNs, lastNs }) => lastNs - firstNs,
    { unitGroup: 'latency' },
  ),
  column<StoredSlowBroadcast>(
    'receiver',
    'received last by',
    'text',
    'the client that received it last',
    (each) => `client ${each.lastReceiver}`,
  ),
  column<StoredSlowBroadcast>(
    'reached',
    'receivers',
    'text',
    'clients that it reached',
    ({ reached, expected }) =>
      reached === expected ? formatCount(reached) : `${formatCount(reached)} of ${formatCount(expected)}`,
  ),
  column<StoredSlowBroadcast>(
    'message',
    'message',
    'text',
    'stream and number of the message',
    ({ stream, seq }) => `${stream}/${seq}`,
  ),
];

/** The broadcasts that took the longest until their last receiver had them; nothing where none is stored. */
export function slowestBlocks({ slowest }: RunResult, shown: number): Block[] {
  const table = tabulate(SLOWEST_COLUMNS, slowest.slice(0, shown));
  const notes = slowest.length <= shown ? [] : [`the stored result holds ${slowest.length}`];
  return slowest.length === 0 ? [] : tableBlock('Slowest broadcasts', table, notes);
}
