/** Child of clock.test.ts: prints the time on the clock of the origin given. */
import { createClock } from '../../src/measure/clock.ts';

const clock = createClock(BigInt(process.argv[2] ?? ''));
process.stdout.write(`${clock.nowNs()}\n`);
