import type { RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { formatDurationMs } from '../../units.ts';

/**
 * The target, with the transport where its protocol has more than one, and with what was asked of it: `ws`,
 * `socketio polling`, `socketio websocket msgpack`, `socketio-redis websocket streams`.
 */
export function targetLabel({ plan: { target, transport, settings } }: RunResult): string {
  return [
    target.name,
    target.protocol === 'ws' ? null : transport,
    settings.namespace,
    settings.parser,
    settings.compression === 'on' ? 'compressed' : null,
    settings.recovery === 'on' ? 'recovery' : null,
    settings.processes === null ? null : plural(settings.processes, 'process'),
    settings.redisAdapter,
    settings.pollInterval === null ? null : `every ${formatDurationMs(settings.pollInterval)}`,
  ]
    .filter((part) => part !== null)
    .join(' ');
}

/** Target and scenario: `socketio polling, ack-roundtrip`. */
export function runLabel(result: RunResult): string {
  return `${targetLabel(result)}, ${result.plan.scenario}`;
}

/** Tells alike labels apart: `ws`, `socketio polling`, and for a further run of the same `ws (2)`. */
export function numbered(labels: readonly string[]): string[] {
  return labels.map((label, index) => {
    const before = labels.slice(0, index).filter((other) => other === label).length;
    return before === 0 ? label : `${label} (${before + 1})`;
  });
}
