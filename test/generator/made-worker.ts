import { chat, type Mapping } from '../../src/contract/mapping.ts';
import {
  defineScenario,
  everyClient,
  type Layout,
  type Stream,
  type User,
} from '../../src/contract/scenario.ts';
import type { Client } from '../../src/contract/target.ts';
import { WorkerContext } from '../../src/generator/context.ts';
import { HttpPublisher } from '../../src/generator/http-publisher.ts';
import { OPERATIONS } from '../../src/generator/operations/index.ts';
import type { OperationWorker } from '../../src/generator/operations/operation.ts';
import { ClientPool } from '../../src/generator/pool.ts';
import { Receiver } from '../../src/generator/receiver.ts';
import { SentMessages } from '../../src/generator/sent-messages.ts';
import type { MeasureWindow } from '../../src/measure/clock.ts';
import type { Recorder } from '../../src/measure/recorder.ts';
import type { TargetPlan } from '../../src/plan/plan.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { idleLoop, VirtualTime } from '../support/virtual-time.ts';
import { FakeConnection } from './fake-connection.ts';

/** Nanoseconds since 1970 at the origin of the clock of a worker. */
export const WALL_NS = 1_700_000_000_000_000_000n;

/** The options of every connection that a made-up target asks for. */
const connectOptions = async () => ({ url: '', transport: 'websocket' as const, timeoutMs: 1 });

/** What a made-up target gives client `number`. */
export function clientOf(number: number): Client {
  return { number, values: { name: `user-${number}` } };
}

export interface MadeContext {
  readonly layout: Layout;
  readonly headline?: string;
  readonly mapping?: Mapping;
  readonly steps?: (user: User) => Promise<void>;
  readonly target?: Partial<TargetPlan>;
  /** Options of the plan. */
  readonly given?: Readonly<Record<string, string>>;
  /** Client numbers of the worker; all unless given. */
  readonly own?: readonly number[];
  readonly fanoutIsSplit?: boolean;
  readonly startedNs?: number;
  readonly measuring?: Partial<MeasureWindow>;
}

/** What the parts of a worker share, in virtual time. It measures from 0 on unless `measuring` says otherwise. */
export function makeContext(made: MadeContext): { context: WorkerContext; time: VirtualTime } {
  const { layout, headline = 'delivery', mapping = chat, given = {}, startedNs = 0, measuring } = made;
  const { steps, fanoutIsSplit = false } = made;
  const clients = layout.rooms.length;
  const scenario = defineScenario({
    name: 'made-up',
    summary: '',
    headline,
    series: { own: 'anything', ping_pong: 'anything', echo_text: 'anything' },
    options: {},
    layout: () => layout,
    ...(steps === undefined ? {} : { steps }),
  });
  const plan = planOn(targetWith(made.target), scenario, { clients: String(clients), ...given });
  const time = new VirtualTime(startedNs);
  const context = new WorkerContext({
    assignment: {
      plan,
      layout,
      url: 'ws://127.0.0.1:1',
      originNs: 0n,
      originWallNs: WALL_NS,
      clients: made.own ?? everyClient(clients),
      connectRateHz: Number.POSITIVE_INFINITY,
      fanoutIsSplit,
      sourceAddresses: [],
      dials: [],
      shard: null,
    },
    scenario,
    target: {
      ...{ mapping, clientOf, headersOf: () => ({}), connectOptions, hooks: {}, tls: {}, prepares: false },
      prepare: async (client) => clientOf(client),
    },
    clock: time,
    timers: time,
    loop: idleLoop(time),
  });
  context.measuring = { startNs: 0, endNs: 1e12, sendBeforeNs: 1e12, ...measuring };
  return { context, time };
}

export interface MadeWorkerOptions {
  /** Streams of clients 0 and 1. */
  readonly streams: readonly Stream[];
  readonly mapping?: Mapping;
  readonly payloadType?: 'text' | 'binary';
  readonly headline?: string;
  readonly steps?: (user: User) => Promise<void>;
}

/** The operations of a worker with two connected clients, over connections that a test plays. */
export async function openWorker({
  streams,
  mapping = chat,
  payloadType = 'text',
  headline = 'ack',
  steps = async () => {},
}: MadeWorkerOptions) {
  const layout = { rooms: everyClient(2).map(() => []), streams };
  const given = { payload: '64B', payloadType, connectTimeout: '50ms' };
  const { context, time } = makeContext({ layout, headline, mapping, steps, given });
  const receiver = new Receiver(context);
  const members = everyClient(2).map((client) => ({ client, node: null }));
  context.audience.open(members, context.clients, receiver.ledger);
  const connections = [0, 1, 2].map(() => new FakeConnection());
  let attempts = 0;
  const pool = new ClientPool({
    driver: {
      name: 'fake',
      protocol: 'ws',
      transports: ['websocket'],
      summary: '',
      connect: async ({ onReady }) => {
        attempts += 1;
        const opened = connections[attempts - 1];
        if (opened === undefined) throw new Error('refused');
        onReady?.(opened);
        return opened;
      },
    },
    clock: time,
    timers: time,
    connectOptions,
    onOpened: (client, connection) => {
      for (const operation of operations.values()) operation.listen?.(client, connection);
    },
    onUpgraded: () => {},
    onDropped: () => {},
  });
  const publisher = new HttpPublisher({
    baseUrl: 'http://127.0.0.1:1',
    tls: {},
    timeoutMs: 1000,
    requireAllowed: () => {},
  });
  const messages = new SentMessages(context);
  const worker: OperationWorker = {
    ...context,
    pool,
    receiver,
    messages,
    publisher,
    write: (stamp, type = payloadType) => context.payloads.write(stamp, type),
  };
  const operations = new Map(Object.entries(OPERATIONS).map(([kind, { start }]) => [kind, start(worker)]));
  await pool.connectAll([0, 1], Number.POSITIVE_INFINITY);
  time.moveTo(1000);
  const connectionOf = (index: number): FakeConnection => {
    const connection = connections[index];
    if (connection === undefined) throw new Error(`there is no connection ${index}`);
    return connection;
  };
  return {
    ...worker,
    time,
    window: context.window,
    operations,
    connectionOf,
    ledger: receiver.ledger,
    /** Performs arrival `index`, due at `intendedNs`, now; false when its sender is not connected. */
    perform(index: number, intendedNs: number, measured = true): boolean {
      const message = messages.begin(index, intendedNs, measured);
      const connection = pool.connections.get(message.stream.sender);
      if (connection === undefined) return false;
      operations.get(message.stream.operation.kind)?.perform(message, connection);
      return true;
    },
    /** The values that were recorded since the last call, by series. */
    take: () => valuesOf(context.recorder),
  };
}

/** The values of a recorder since the last call, by series and ascending. */
export function valuesOf(recorder: Recorder): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(recorder.take().series).map(([name, { valuesNs, counts }]) => [
      name,
      [...valuesNs].flatMap((value, i) => Array<number>(counts[i] ?? 0).fill(value)),
    ]),
  );
}
