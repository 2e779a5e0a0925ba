import { defineScenario, everyClient, type Stream, type User } from '../../src/contract/scenario.ts';
import { type Client, chat, type Mapping } from '../../src/contract/target.ts';
import { Audience } from '../../src/generator/audience.ts';
import { HttpPublisher } from '../../src/generator/http-publisher.ts';
import { OPERATIONS } from '../../src/generator/operations/index.ts';
import type { OperationWorker } from '../../src/generator/operations/operation.ts';
import { ClientPool } from '../../src/generator/pool.ts';
import { Receiver } from '../../src/generator/receiver.ts';
import { SentMessages } from '../../src/generator/sent-messages.ts';
import type { MeasureWindow } from '../../src/measure/clock.ts';
import { ReasonCounts } from '../../src/measure/reason-counts.ts';
import { ReceiveWindow, Recorder } from '../../src/measure/recorder.ts';
import { stampWriter } from '../../src/measure/stamp.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { FakeConnection } from './fake-connection.ts';

export interface MadeWorkerOptions {
  /** Streams of clients 0 and 1. */
  readonly streams: readonly Stream[];
  readonly mapping?: Mapping;
  readonly payloadType?: 'text' | 'binary';
  readonly headline?: string;
  readonly steps?: (user: User) => Promise<void>;
}

/** The time at which a made-up worker starts, in nanoseconds. */
export const START_NS = 1000;

/** What a target gives client `number`. */
export function clientOf(number: number): Client {
  return { number, values: { name: `user-${number}` } };
}

/** The rooms of a worker with two connected clients, over connections that a test plays. */
export async function openWorker({
  streams,
  mapping = chat,
  payloadType = 'text',
  headline = 'ack',
  steps = async () => {},
}: MadeWorkerOptions) {
  const layout = { rooms: everyClient(2).map(() => []), streams };
  const scenario = defineScenario({
    name: 'made-up',
    summary: '',
    headline,
    series: { own: 'anything' },
    options: {},
    layout: () => layout,
    ...(streams.some(({ operation }) => operation.kind === 'steps') ? { steps } : {}),
  });
  const given = { clients: '2', payload: '64B', payloadType, connectTimeout: '50ms' };
  const plan = planOn(targetWith(), scenario, given);
  const time = new VirtualTime(0);
  const measuring = (): MeasureWindow => ({ startNs: 0, endNs: 1e12, sendBeforeNs: 1e12 });
  const [recorder, failed, closed] = [new Recorder(), new ReasonCounts(), new ReasonCounts()];
  const window = new ReceiveWindow(time, time, () => {});
  const audience = new Audience(layout);
  const receiver = new Receiver({
    clock: time,
    plan,
    layout,
    recorder,
    window,
    measuring,
    audience,
    fanoutIsSplit: false,
    failed,
  });
  const members = everyClient(2).map((client) => ({ client, node: null }));
  audience.open(members, new Set([0, 1]), receiver.ledger);
  const connections = [0, 1, 2].map(() => new FakeConnection());
  const connectOptions = () => ({ url: '', transport: 'websocket' as const, timeoutMs: 1 });
  let attempts = 0;
  const pool = new ClientPool({
    driver: {
      name: 'fake',
      protocol: 'ws',
      transports: ['websocket'],
      summary: '',
      connect: async () => {
        attempts += 1;
        const opened = connections[attempts - 1];
        if (opened === undefined) throw new Error('refused');
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
  });
  const publisher = new HttpPublisher({
    baseUrl: 'http://127.0.0.1:1',
    tls: {},
    timeoutMs: 1000,
    requireAllowed: () => {},
  });
  const messages = new SentMessages({
    clock: time,
    layout,
    recorder,
    measuring,
    audience: (stream) => audience.total(stream),
  });
  const writers = { text: stampWriter('text', 64), binary: stampWriter('binary', 64) };
  const worker: OperationWorker = {
    scenario,
    plan,
    layout,
    clock: time,
    timers: time,
    target: { mapping, clientOf, headersOf: () => ({}), connectOptions },
    pool,
    recorder,
    receiver,
    messages,
    publisher,
    failed,
    closed,
    write: (stamp, type = plan.payloadType) => writers[type](stamp),
  };
  const operations = new Map(Object.values(OPERATIONS).map(({ kind, start }) => [kind, start(worker)]));
  await pool.connectAll([0, 1], Number.POSITIVE_INFINITY);
  time.moveTo(START_NS);
  const connectionOf = (index: number): FakeConnection => {
    const connection = connections[index];
    if (connection === undefined) throw new Error(`there is no connection ${index}`);
    return connection;
  };
  return {
    ...worker,
    time,
    window,
    operations,
    connectionOf,
    ledger: receiver.ledger,
    /** Performs arrival `index`, due at `intendedNs`, now; false when its sender is not connected. */
    perform(index: number, intendedNs: number, measured = true): boolean {
      const message = messages.begin(index, intendedNs, measured);
      const connection = pool.connection(message.stream.sender);
      if (connection === null) return false;
      operations.get(message.stream.operation.kind)?.perform(message, connection);
      return true;
    },
    /** The values that were recorded since the last call, by series. */
    take: () => valuesOf(recorder),
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
