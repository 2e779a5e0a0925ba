/**
 * Processor for Artillery: measures the thread that sends. Appends lines of JSON to the file that CROSS_CHECK_LOOP
 * names: `{"maxMs"}` twice a second, the longest delay of the event loop, and `{"aggregateMs"}` for each time that
 * Artillery's store of metrics aggregated. Ends with the load: the last aggregation, of all that is left, holds nothing up.
 */
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env['CROSS_CHECK_LOOP'];
const store = process.env['CROSS_CHECK_STORE'];
/** Aggregations without anything to do are left out. */
const SHORTEST_MS = 1;

const write = (/** @type {object} */ line) => appendFileSync(file ?? '', `${JSON.stringify(line)}\n`);

if (!isMainThread && file !== undefined && store !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const timer = setInterval(() => {
    write({ atMs: Date.now(), maxMs: delay.max / 1e6 });
    delay.reset();
  }, 500);
  timer.unref();

  // The exports of the package hide it, the file does not.
  const { SSMS } = await import(store);
  const { aggregate } = SSMS.prototype;
  SSMS.prototype.aggregate = function timed(/** @type {boolean | undefined} */ force) {
    if (force === true) clearInterval(timer);
    const startMs = performance.now();
    aggregate.call(this, force);
    const aggregateMs = performance.now() - startMs;
    if (aggregateMs >= SHORTEST_MS && force !== true) write({ atMs: Date.now(), aggregateMs });
  };
}

const endMs = Date.now() + Number(process.env['CROSS_CHECK_SECONDS']) * 1000;

/**
 * Ends a loop of Artillery after the given time (`whileTrue`).
 *
 * @param {object} _context
 * @param {(goOn: boolean) => void} done
 */
export function untilEnd(_context, done) {
  done(Date.now() < endMs);
}
