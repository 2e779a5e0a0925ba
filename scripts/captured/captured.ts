/**
 * Compares what a run reports with what a packet capture of the same run shows:
 *
 *     npm run captured -- [--scenario NAME] [--server ws|socketio] [--runs N] [--held none|stopped|neighbour] [-- FLAGS OF RUN...]
 *
 * `stopped` stops the generator process that receives for 300 ms; `neighbour` keeps its CPU busy for 5 of every 20 ms.
 * A run holds when it is INVALID, or reports a p50 and a p99 within 20 us or 2 % of the captured ones. Needs tcpdump and
 * root.
 */
import { parseArgs } from 'node:util';
import { type CapturedRun, differencesOf, type QuantileDifference, runCaptured } from './compare.ts';
import { WAYS_TO_HOLD } from './holds.ts';

const CAPTURED_LOAD =
  '--clients 100 --rate 100/s --duration 10s --warmup 1s --warmup-max 1s --workers 2'.split(' ');

const { values, positionals } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'broadcast-latency' },
    server: { type: 'string', default: 'ws' },
    runs: { type: 'string', default: '1' },
    held: { type: 'string', default: 'none' },
  },
  allowPositionals: true,
});

function rowOf({ result, capturedNs }: CapturedRun, differences: readonly QuantileDifference[]): string {
  const times = differences.map(
    ({ reportedNs, capturedNs: seenNs }) => `${(reportedNs / 1e6).toFixed(3)} / ${(seenNs / 1e6).toFixed(3)}`,
  );
  const [invalid] = result.invalid;
  const verdict = invalid === undefined ? 'VALID' : `INVALID: ${invalid.message}`;
  const holds = invalid !== undefined || differences.every((difference) => difference.holds);
  const { delivered } = result.ledger;
  const counts = capturedNs.length === delivered ? '' : `, ${capturedNs.length} captured of ${delivered}`;
  return `${values.held.padEnd(10)} ${times.map((time) => time.padEnd(18)).join(' ')} ${holds ? 'held' : 'BROKEN'}: ${verdict}${counts}`;
}

const { scenario, server } = values;
const hold = WAYS_TO_HOLD[values.held];
if (hold === undefined) throw new Error(`--held is one of ${Object.keys(WAYS_TO_HOLD).join(', ')}`);
if (server !== 'ws' && server !== 'socketio') throw new Error('--server is ws or socketio');
console.log('held       p50 ms             p99 ms              (reported / captured)');
for (let run = 0; run < Number(values.runs); run += 1) {
  const captured = await runCaptured({ scenario, server, flags: [...CAPTURED_LOAD, ...positionals], hold });
  const row = rowOf(captured, differencesOf(captured, [0.5, 0.99]));
  if (row.includes('BROKEN')) process.exitCode = 1;
  console.log(row);
}
