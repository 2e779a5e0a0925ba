import type { RunResult } from '../../result/run-result.ts';

type PlanOf = RunResult['plan'];

const isReference = ({ target }: PlanOf, ...names: readonly string[]) =>
  target.reference !== null && names.includes(target.name);
const isSocketIoServer = (plan: PlanOf) =>
  plan.target.reference !== null && plan.target.protocol === 'socketio';
const isNest = (plan: PlanOf) => isReference(plan, 'nest-socketio', 'nest-ws');
const isOfficial = ({ driver, target }: PlanOf, protocol: PlanOf['target']['protocol']) =>
  driver === 'official' && target.protocol === protocol;
const hasAdapter = (plan: PlanOf, isStreams: boolean) =>
  isReference(plan, 'socketio-redis') && (plan.settings.redisAdapter === 'streams') === isStreams;

/** When a package of the environment takes part in a run: in the reference server, or as the driver. */
const TAKES_PART: Readonly<Record<string, (plan: PlanOf) => boolean>> = {
  'socket.io': isSocketIoServer,
  'socket.io-client': (plan) => isOfficial(plan, 'socketio'),
  ws: (plan) => isReference(plan, 'ws', 'nest-ws') || isOfficial(plan, 'ws'),
  '@nestjs/core': isNest,
  '@nestjs/websockets': isNest,
  '@socket.io/cluster-adapter': (plan) => isReference(plan, 'socketio-cluster'),
  '@socket.io/redis-adapter': (plan) => hasAdapter(plan, false),
  '@socket.io/redis-streams-adapter': (plan) => hasAdapter(plan, true),
  '@socket.io/bun-engine': (plan) => isReference(plan, 'socketio-bun'),
  bun: ({ target }) => target.reference?.runtime === 'bun',
  'hdr-histogram-js': () => false,
};

/** The packages that took part in a run, with their versions. Packages that no rule knows are kept. */
export function participants({
  plan,
  environment,
}: RunResult): Array<readonly [name: string, version: string]> {
  return Object.entries(environment.packages).filter(([name]) => TAKES_PART[name]?.(plan) ?? true);
}
