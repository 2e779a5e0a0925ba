import { isObserving, type Layout, type Operation, type Scenario } from '../contract/scenario.ts';
import type { Mapping } from '../contract/target.ts';
import { SockbenchError } from '../errors.ts';
import { layoutOf, type Plan } from '../plan/plan.ts';

/** What a target must declare for an operation. Pings, closes and steps need nothing of it. */
const NEEDS: Readonly<Partial<Record<Operation['kind'], ReadonlyArray<keyof Mapping>>>> = {
  publish: ['publish', 'delivery'],
  request: ['request'],
  'ask-me': ['askMe', 'asked'],
  echo: ['echo', 'echoed'],
  'stream-reply': ['streamRequest', 'streamed'],
};

function needsOf(layout: Layout): ReadonlyArray<keyof Mapping> {
  if (isObserving(layout)) return ['observe'];
  const joins = layout.rooms.some((rooms) => rooms.length > 0) ? ['join' as const] : [];
  return [...joins, ...layout.streams.flatMap(({ operation }) => NEEDS[operation.kind] ?? [])];
}

/** What clients themselves cannot do over this protocol and transport. */
function requireSpeech({ streams }: Layout, { target: { protocol }, transport }: Plan): void {
  const kinds = new Set(streams.map(({ operation }) => operation.kind));
  const canClose = protocol === 'ws' || (protocol === 'socketio' && transport !== 'polling');
  const impossible = [
    kinds.has('ping') && protocol !== 'ws' ? 'ping' : null,
    kinds.has('close') && !canClose ? 'close' : null,
  ].find((kind) => kind !== null);
  if (impossible === undefined) return;
  throw new SockbenchError({
    code: 'CLIENT_CANNOT',
    message: `a client has no ${impossible} message over ${protocol} ${transport}`,
    hint: 'Raw WebSocket has all of them: --target ws.',
  });
}

/** Refuses a scenario that asks for what the target does not say how to do, or clients cannot. Throws TARGET_CANNOT or CLIENT_CANNOT. */
export function requireOperations(scenario: Scenario, plan: Plan, mapping: Mapping): void {
  const { target } = plan;
  const layout = layoutOf(plan, scenario);
  requireSpeech(layout, plan);
  const missing = [...new Set(needsOf(layout))].filter((name) => mapping[name] === undefined);
  if (missing.length === 0) return;
  const what = missing.join(' and ');
  const isOurs = target.file === null;
  throw new SockbenchError({
    code: 'TARGET_CANNOT',
    message: `the scenario ${scenario.name} needs the target to declare ${what}, and ${target.file ?? target.name} does not`,
    hint: isOurs
      ? 'Describe your server in a target file: sockbench init writes one to start from.'
      : `Add ${what} to the target file; docs/your-own-server.md shows how.`,
  });
}
