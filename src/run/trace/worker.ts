import type { ConnectOptions, Driver, OnRead } from '../../drivers/driver.ts';
import { messageOf } from '../../errors.ts';
import type { Assignment, FromWorker, SentOfStream, ToWorker } from '../../generator/messages.ts';
import { GeneratorSession } from '../../generator/session.ts';
import type { Target } from '../../generator/target.ts';
import type { Clock } from '../../measure/clock.ts';
import { ownEventLoop } from '../../measure/event-loop.ts';
import { TelemetrySampler } from '../../measure/telemetry.ts';
import { realTimers } from '../../measure/timers.ts';
import { NO_TRAFFIC } from '../../measure/traffic.ts';
import type { PlannedRun } from '../../plan/plan.ts';
import { nodeSockets } from '../../wire/sockets/node-sockets.ts';
import type { StartWorker, WorkerHandlers } from '../workers.ts';
import { type TakeFrame, tapped } from './tapped-stream.ts';

/** What a trace takes of one connection. */
export interface ConnectionTap {
  readonly takeFrame: TakeFrame;
  readonly onRead: OnRead;
  readonly onPacket: NonNullable<ConnectOptions['onPacket']>;
}

export interface TracedWorker {
  readonly planned: PlannedRun;
  readonly target: Target;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly tapOf: (client: number) => ConnectionTap;
  /** Takes how many messages of each stream have been sent so far. */
  readonly onSent: (streams: readonly SentOfStream[]) => void;
}

/** A generator in this process, whose connections are tapped. It does what a generator process does. */
export function startTracedWorker(traced: TracedWorker): StartWorker {
  return ({ onMessage }: WorkerHandlers) => {
    let session: GeneratorSession | null = null;
    let isKilled = false;
    const post = (message: FromWorker) => {
      if (message.type === 'sent' || message.type === 'totals') traced.onSent(message.streams);
      // As between processes, nothing is answered before the call is over.
      setImmediate(() => {
        if (!isKilled) onMessage(message);
      });
    };
    const handle = async (message: ToWorker) => {
      if (message.type === 'assign') {
        session = sessionOf(traced, message.assignment, post);
        session.start();
      } else {
        await session?.handle(message);
      }
    };
    return {
      pid: process.pid,
      post: (message) => {
        setImmediate(() => {
          handle(message).catch((error) => post({ type: 'crash', message: messageOf(error) }));
        });
      },
      kill: () => {
        isKilled = true;
      },
    };
  };
}

function sessionOf(
  { planned, target, driver, clock, tapOf }: TracedWorker,
  assignment: Assignment,
  post: (message: FromWorker) => void,
): GeneratorSession {
  const telemetry = new TelemetrySampler(clock);
  const openByNode = nodeSockets(() => clock.nowNs());
  // The client number is unknown to the driver, so it travels with the options.
  const traced: Target = {
    ...target,
    async connectOptions(client, url, limit) {
      const options = await target.connectOptions(client, url, limit);
      return { ...options, tracedClient: client.number } as ConnectOptions;
    },
  };
  const tappedDriver: Driver = {
    ...driver,
    connect: ({ recognizer: _, ...options }) => {
      const { tracedClient = 0 } = options as ConnectOptions & { readonly tracedClient?: number };
      const { takeFrame, onRead, onPacket } = tapOf(tracedClient);
      return driver.connect({
        ...options,
        compression: false,
        openStream: tapped(openByNode, takeFrame),
        onPacket,
        onRead: (...read) => {
          onRead(...read);
          options.onRead?.(...read);
        },
      });
    },
  };
  return new GeneratorSession({
    assignment,
    scenario: planned.scenario,
    driver: tappedDriver,
    target: traced,
    sockets: null,
    clock,
    timers: realTimers,
    loop: ownEventLoop(telemetry.delay, null),
    telemetry,
    traffic: { take: () => NO_TRAFFIC, notePoll() {} },
    post,
  });
}
