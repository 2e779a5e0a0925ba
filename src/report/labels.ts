import type { RunResult } from '../result/schema.ts';

/** The target, with the transport where its protocol has more than one: `socketio polling`, `ws`. */
export function targetLabel({ plan }: RunResult): string {
  return plan.target.protocol === 'ws' ? plan.target.name : `${plan.target.name} ${plan.transport}`;
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
