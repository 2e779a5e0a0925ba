import type { Flow, ImportedScript, Step } from './model.ts';

/** Variables whose values may be objects or lists, which text shows as JSON. */
export function objectVariables({ variables, payloads, flows }: ImportedScript): Set<string> {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  const names = [...variables].flatMap(([name, value]) =>
    (Array.isArray(value) ? value.some(isObject) : isObject(value)) ? [name] : [],
  );
  const ofSteps = (steps: readonly Step[]): string[] =>
    steps.flatMap((step) => {
      if (step.kind === 'emit')
        return [step.response, step.acknowledge].flatMap((each) => each?.captures ?? []).map(({ as }) => as);
      if (step.kind === 'send') return (step.expected?.captures ?? []).map(({ as }) => as);
      if (step.kind !== 'loop') return [];
      const { rounds, element, body } = step;
      const holds =
        rounds.kind === 'over' && (typeof rounds.values === 'string' || rounds.values.some(isObject));
      return [...(holds ? [element] : []), ...ofSteps(body)];
    });
  return new Set([
    ...names,
    ...payloads.flatMap(({ all }) => all ?? []),
    ...flows.flatMap(({ steps }) => ofSteps(steps)),
  ]);
}

const MAX_DRAIN_S = 24 * 3600;

/** Users that have arrived may finish: as long as the longest flow thinks, and one wait for the server. */
export function drainSeconds(flows: readonly Flow[], timeoutMs: number): number {
  const thinkMs = (steps: readonly Step[]): number =>
    steps.reduce((sum, step) => {
      if (step.kind === 'think')
        return sum + (typeof step.durationMs === 'number' ? step.durationMs + step.jitterMs : timeoutMs);
      if (step.kind !== 'loop') return sum;
      const { rounds, body } = step;
      const times =
        rounds.kind === 'over'
          ? typeof rounds.values === 'string'
            ? 10
            : rounds.values.length
          : rounds.kind === 'count' && typeof rounds.to === 'number'
            ? rounds.to - rounds.from
            : 10;
      return sum + times * thinkMs(body);
    }, 0);
  const longestMs = Math.max(...flows.map(({ steps }) => thinkMs(steps)));
  return Math.min(MAX_DRAIN_S, Math.ceil((longestMs * 1.1 + timeoutMs) / 1000));
}
