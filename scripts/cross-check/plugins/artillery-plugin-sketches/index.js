/** Plugin for Artillery: counts the periods that a plugin sees, and the sketches in them that could be merged. */
import { writeFileSync } from 'node:fs';

/** Without this, a plugin sees summaries of an older form. */
export const LEGACY_METRICS_FORMAT = false;

export class Plugin {
  /**
   * @param {unknown} _script
   * @param {import('node:events').EventEmitter} events
   */
  constructor(_script, events) {
    const seen = { periods: 0, sketches: 0 };
    events.on('stats', ({ histograms = {} }) => {
      seen.periods += 1;
      seen.sketches += Object.values(histograms).filter(({ merge }) => typeof merge === 'function').length;
      writeFileSync(process.env['CROSS_CHECK_SKETCHES'] ?? '', JSON.stringify(seen));
    });
  }
}
