/**
 * One scenario over every server and transport that can run here: one table and one page. Flags go to every run:
 *
 *     npm run matrix -- --clients 50 --rate 50/s
 *     npm run matrix -- ack-roundtrip --duration 5s
 */
import { whyUnavailable } from '../servers/availability.ts';
import { servers } from '../servers/index.ts';
import { runSideBySide } from './side-by-side.ts';

const given = process.argv.slice(2);
const [first = '--'] = given;
const [scenario, flags] = first.startsWith('-') ? ['broadcast-latency', given] : [first, given.slice(1)];
// 4 s at 50/s are the 200 broadcasts that a p95 needs.
const load = ['--clients', '20', '--rate', '50/s', '--duration', '4s'];
const timing = ['--warmup', '1s', '--warmup-max', '1s', '--drain', '2s'];

const commandLines: string[][] = [];
for (const importServer of Object.values(servers)) {
  const { server } = await importServer();
  const reason = whyUnavailable(server);
  if (reason !== null) process.stderr.write(`left out ${server.name}: ${reason}\n`);
  for (const transport of reason === null ? server.transports : []) {
    // What is given last counts.
    commandLines.push([
      scenario,
      '--target',
      server.name,
      '--transport',
      transport,
      ...load,
      ...timing,
      ...flags,
    ]);
  }
}
process.exitCode = runSideBySide('matrix-', commandLines);
