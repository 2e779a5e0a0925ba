import type { ClientHooks } from '../../src/contract/hooks.ts';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { Client } from '../../src/contract/target.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import type { Assignment, FromWorker, ToWorker } from '../../src/generator/messages.ts';
import { GeneratorSession } from '../../src/generator/session.ts';
import type { Clock } from '../../src/measure/clock.ts';
import type { TelemetrySample } from '../../src/measure/telemetry.ts';
import type { Timers } from '../../src/measure/timers.ts';
import { NO_TRAFFIC } from '../../src/measure/traffic.ts';
import { buildPlan, type PlannedRun } from '../../src/plan/plan.ts';
import type { RunPhase, RunProgress } from '../../src/result/progress.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import type { RunSoFar } from '../../src/result/view.ts';
import { noAffinity } from '../../src/run/affinity.ts';
import { readEnvironment } from '../../src/run/environment.ts';
import type { RunHost, ShardHost } from '../../src/run/host.ts';
import { NO_LINKS } from '../../src/run/links.ts';
import { type RunHooks, runPlan } from '../../src/run/run.ts';
import type { ServerStart, ServerUnderTest } from '../../src/run/server/server-process.ts';
import type { WorkerHandle, WorkerHandlers } from '../../src/run/workers.ts';
import { FakeServer, type ServerBehavior } from './fake-server.ts';
import { targetWith } from './plan.ts';
import { idleLoop, MADE_CLOCK, VirtualTime } from './virtual-time.ts';

/** Time for one process of the server to start again. */
export const NODE_STARTS_MS = 100;
/** Time of a message between coordinator and worker. */
const IPC_MS = 0.1;
/** How long one pass of a worker's event loop takes, so that a pacer waits in few steps. */
const LOOP_NS = 100_000;

const ENVIRONMENT = readEnvironment(
  [],
  noAffinity(1),
  { stealRatio: 0, serverStealRatio: 0, throttledMs: 0, cpuPressureRatio: 0 },
  process.cwd(),
);

export interface FakeRunOptions {
  readonly planned: PlannedRun;
  readonly behavior?: Partial<ServerBehavior>;
  /** Changes of the chat target. */
  readonly mapping?: Mapping;
  readonly hooks?: ClientHooks;
  /** What the workers report of themselves; idle unless given. */
  readonly telemetry?: Partial<TelemetrySample>;
  /** How long the server takes to start; infinite for one that never does. */
  readonly serverStartMs?: number;
  /** Connections that the server has, as the system counts them. */
  readonly serverSockets?: () => number;
  /** The number of processes of the server, which serve the clients in turn. */
  readonly nodes?: number;
  /** The last lines that the server printed. */
  readonly serverOutput?: readonly string[];
  /** The shard that the run is. */
  readonly shard?: ShardHost;
  /** Another run in the same world: it has the same time and the same server. */
  readonly beside?: FakeRun;
  /** Gets the checkpoints of the run. */
  readonly checkpoint?: RunHooks['checkpoint'];
  /** How much the clock of this host is ahead of the time of the world. */
  readonly clockAheadNs?: number;
}

/** Plans a run of 4 clients after 1 s of warm-up, unless given otherwise. */
export function planFake(scenario: Scenario, given: GivenOptions = {}): PlannedRun {
  const options = { clients: '4', warmup: '1s', warmupMax: '1s', ...given };
  return buildPlan(scenario, options, () => targetWith({ url: 'ws://fake' }));
}

/** A whole run in virtual time: the real coordinator and generator sessions over a server in memory. */
export class FakeRun {
  readonly time: VirtualTime;
  /** What processes of this host read. */
  readonly clock: Clock;
  readonly server: FakeServer;
  readonly workers: FakeWorker[] = [];
  readonly progress: RunProgress[] = [];
  /** What charts need of the run so far; null before its processes have started. */
  soFar: (() => RunSoFar) | null = null;
  /** When each phase began, on the clock of the world. */
  readonly phaseStartNs = new Map<RunPhase, number>();
  readonly #options: FakeRunOptions;
  readonly #stop = new AbortController();
  /** The coordinator's own process. */
  readonly coordinator: FakeProcess;
  readonly #actions = new Map<RunPhase, { readonly afterMs: number; readonly act: () => void }>();
  #onDied: (reason: string) => void = () => {};
  /** Whether the server was stopped, and which workers were killed, at the end of the run. */
  isServerStopped = false;

  constructor(options: FakeRunOptions) {
    const { beside, clockAheadNs = 0 } = options;
    this.#options = options;
    this.time = beside?.time ?? new VirtualTime(1e9, LOOP_NS);
    this.clock = { nowNs: () => this.time.nowNs() + clockAheadNs };
    this.coordinator = new FakeProcess(this.time);
    this.server =
      beside?.server ??
      new FakeServer(this.time, {
        network: () => [1],
        changes: (payload) => payload,
        refuses: () => null,
        greets: () => [],
        restores: () => null,
        responds: () => null,
        acknowledgesJoin: () => true,
        ...options.behavior,
      });
  }

  /** Does something so long after a phase has begun. */
  during(phase: RunPhase, afterMs: number, act: () => void): this {
    this.#actions.set(phase, { afterMs, act });
    return this;
  }

  /** As Ctrl-C does. */
  stop(): void {
    this.#stop.abort();
  }

  killServer(): void {
    this.server.die();
    this.#onDied('exit code 7');
  }

  /** The phases that the run reached, in order. */
  get phases(): RunPhase[] {
    return [...new Set(this.progress.map(({ phase }) => phase))];
  }

  run(): Promise<RunResult> {
    return this.time.run(this.start());
  }

  /** Starts the run; the time of its world has to be run until it ends. */
  start(): Promise<RunResult> {
    const hooks = {
      onProgress: (progress: RunProgress) => this.#note(progress),
      onStarted: (soFar: () => RunSoFar) => {
        this.soFar = soFar;
      },
      signal: this.#stop.signal,
      commandLine: [],
      out: '',
      ...(this.#options.checkpoint === undefined ? {} : { checkpoint: this.#options.checkpoint }),
    };
    return runPlan(this.#options.planned, hooks, this.#host());
  }

  #note(progress: RunProgress): void {
    this.progress.push(progress);
    if (progress.type === 'phase') this.phaseStartNs.set(progress.phase, this.time.nowNs());
    const action = this.#actions.get(progress.phase);
    if (action === undefined) return;
    this.#actions.delete(progress.phase);
    this.time.after(action.afterMs, action.act);
  }

  #host(): RunHost {
    return {
      shard: this.#options.shard ?? null,
      originNs: 0n,
      clock: this.clock,
      readWall: () => MADE_CLOCK.atStart,
      timers: this.coordinator.timers,
      chooseAffinity: (workers) => ({ affinity: noAffinity(workers), problem: null }),
      startWorker: (handlers) => {
        const worker = new FakeWorker(this, this.#options, handlers);
        this.workers.push(worker);
        return worker;
      },
      requireLimits: async () => [],
      startServer: (_plan, start) => this.#startServer(start),
      openLinks: async () => NO_LINKS,
      countSockets: () => this.#options.serverSockets?.() ?? null,
      explainRefusal: async ({ reason }) => ({ message: `no client could connect: ${reason}`, hint: '' }),
      prepare: () => () => {},
      readCounters: () => ({
        atMs: this.clock.nowNs() / 1e6,
        cpus: null,
        throttledUs: null,
        pressureUs: null,
      }),
      readEnvironment: (_commandLine, _affinity, disturbance) => ({ ...ENVIRONMENT, ...disturbance }),
    };
  }

  #nodes(count: number): NonNullable<ServerUnderTest['nodes']> {
    return {
      count,
      restart: async ({ node, downMs }) => {
        this.server.endThoseOf((client) => client % count === node);
        await this.time.sleep(downMs + NODE_STARTS_MS);
      },
    };
  }

  async #startServer({ signal, onDied }: ServerStart): Promise<ServerUnderTest> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const { serverStartMs = 50 } = this.#options;
    await Promise.race([
      aborted,
      serverStartMs === Infinity ? new Promise(() => {}) : this.time.sleep(serverStartMs),
    ]);
    if (signal.aborted) throw new Error('the start was aborted');
    this.#onDied = onDied;
    return {
      url: 'ws://fake',
      telemetry: {
        beforeConnect() {},
        sampleNow() {},
        processes: () => [],
        takeProfiles: async () => [],
        notes: () => [],
      },
      lastOutput: () => this.#options.serverOutput ?? [],
      nodes: this.#options.nodes === undefined ? null : this.#nodes(this.#options.nodes),
      restart: async (_signal, downMs) => {
        this.server.goDown();
        await this.time.sleep(downMs);
        this.server.goUp();
      },
      stop: async () => {
        this.isServerStopped = true;
        return [];
      },
    };
  }
}

/** A generator process in this one: its session runs in virtual time and messages are copied as IPC does. */
export class FakeWorker implements WorkerHandle {
  readonly pid = 1;
  readonly #run: FakeRun;
  readonly #options: FakeRunOptions;
  readonly #handlers: WorkerHandlers;
  readonly #process: FakeProcess;
  #session: GeneratorSession | null = null;

  constructor(run: FakeRun, options: FakeRunOptions, handlers: WorkerHandlers) {
    this.#run = run;
    this.#options = options;
    this.#handlers = handlers;
    this.#process = new FakeProcess(run.time);
  }

  /** Ends it as a signal does. */
  crash(): void {
    this.#process.stop();
    this.#handlers.onEnded('signal SIGKILL');
  }

  /** It stays alive and does nothing any more. */
  hang(): void {
    this.#process.stop();
  }

  /** It is stopped, and goes on so much later, as by SIGSTOP and SIGCONT. */
  pause(forMs: number): void {
    this.#process.pause(forMs);
  }

  /** One turn of its loop lasts so long: no timer fires, and it posts its counts once a second. */
  keepBusy(forMs: number): void {
    this.#process.pause(forMs);
    for (let atMs = 1000; atMs < forMs; atMs += 1000) {
      this.#run.time.after(atMs, () =>
        this.#send({ type: 'totals', delivered: 0, iterating: 0, streams: [], absences: null }),
      );
    }
  }

  kill(): void {
    this.#process.stop();
  }

  post(message: ToWorker): void {
    const copy = structuredClone(message);
    this.#run.time.after(IPC_MS, () =>
      this.#process.arrive(() => {
        this.#handle(copy).catch((error: Error) => {
          this.#send({ type: 'crash', message: error.message });
        });
      }),
    );
  }

  async #handle(message: ToWorker): Promise<void> {
    if (message.type !== 'assign') return await this.#session?.handle(message);
    this.#session = this.#createSession(message.assignment);
    this.#send({ type: 'ready', sockets: null, rssBytes: 0 });
  }

  #send(message: FromWorker): void {
    const copy = structuredClone(message);
    // What it has sent arrives, even if the process is stopped meanwhile.
    this.#run.time.after(IPC_MS, () => this.#run.coordinator.arrive(() => this.#handlers.onMessage(copy)));
  }

  #createSession(assignment: Assignment): GeneratorSession {
    const { planned, mapping, hooks: { prepare, ...hooks } = {} } = this.#options;
    const { clock, time, server } = this.#run;
    const clients = new Map<number, Client>();
    const clientOf = (number: number) => clients.get(number) ?? { number, values: {} };
    return new GeneratorSession({
      assignment,
      scenario: planned.scenario,
      driver: driverTo(server, assignment.clients, this.#process),
      sockets: null,
      target: {
        mapping: mapping ?? chat,
        hooks,
        tls: {},
        prepares: prepare !== undefined,
        async prepare(number, limit = (_, result) => result) {
          const values = await limit('prepare', prepare?.({ number, values: {} }));
          clients.set(number, { number, values: { ...values } });
          return clientOf(number);
        },
        clientOf,
        headersOf: () => ({}),
        connectOptions: async ({ number }, url) => ({
          url,
          headers: { client: String(number) },
          transport: assignment.plan.transport,
          timeoutMs: assignment.plan.connectTimeoutMs,
        }),
      },
      clock,
      timers: this.#process.timers,
      loop: idleLoop(time),
      telemetry: { sample: () => this.#sample() },
      traffic: { take: () => NO_TRAFFIC, notePoll() {} },
      post: (message) => this.#send(message),
    });
  }

  #lastSampleNs = 0;

  #sample(): TelemetrySample {
    const atNs = this.#run.clock.nowNs();
    const lengthMs = (atNs - this.#lastSampleNs) / 1e6;
    this.#lastSampleNs = atNs;
    return {
      atNs,
      lengthMs,
      cpuMs: 0,
      rssBytes: 0,
      loopUtilization: 0,
      pacingShare: 0,
      runQueueWaitMs: 0,
      loopDelayP50Ns: 0,
      loopDelayP99Ns: 0,
      loopDelayMaxNs: 0,
      gcCount: 0,
      gcTotalMs: 0,
      gcMaxMs: 0,
      heapUsedBytes: 0,
      heapAfterGcBytes: null,
      bufferedBytes: null,
      ...this.#options.telemetry,
    };
  }
}

/** Connects the clients of one worker, in their order, to a server in memory; later those that closed a connection. */
function driverTo(server: FakeServer, clients: readonly number[], process: FakeProcess): Driver {
  let next = 0;
  return {
    name: 'fake',
    protocol: 'ws',
    transports: ['websocket'],
    summary: '',
    connect: async ({ timeoutMs, transport, headers, onReady, onUpgraded }) => {
      const number = headers?.['client'] === undefined ? undefined : Number(headers['client']);
      const client =
        clients[next] ??
        (number !== undefined && !server.connections.has(number) ? number : undefined) ??
        clients.find((each) => !server.connections.has(each)) ??
        Number.NaN;
      next += 1;
      const connection = await server.connect(client, timeoutMs);
      connection.onArrival = (handle) => process.arrive(handle);
      onReady?.(connection);
      server.greet(connection);
      if (transport === 'upgrade') onUpgraded?.();
      return connection;
    },
  };
}

/** A process that can be stopped. What is due or arrives meanwhile waits until it goes on. */
class FakeProcess {
  readonly timers: Timers;
  readonly #time: VirtualTime;
  readonly #due: Array<() => void> = [];
  readonly #arrived: Array<() => void> = [];
  #isStopped = false;

  constructor(time: VirtualTime) {
    this.#time = time;
    const guard = (callback: () => void) => () => this.#take(this.#due, callback);
    this.timers = {
      after: (delayMs, callback) => time.after(delayMs, guard(callback)),
      every: (periodMs, callback) => this.#every(periodMs, callback),
      soon: (callback) => time.soon(guard(callback)),
      sleep: (delayMs) => new Promise((resolve) => time.after(delayMs, guard(resolve))),
    };
  }

  /** Something comes from outside. */
  arrive(handle: () => void): void {
    this.#take(this.#arrived, handle);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Timers that became due run before what arrived is read, as in the event loop of Node.js. */
  pause(forMs: number): void {
    this.stop();
    this.#time.after(forMs, () => {
      this.#isStopped = false;
      for (const callback of this.#due.splice(0)) callback();
      this.#time.after(0.01, () => {
        for (const handle of this.#arrived.splice(0)) handle();
      });
    });
  }

  #take(waiting: Array<() => void>, callback: () => void): void {
    if (this.#isStopped) waiting.push(callback);
    else callback();
  }

  /** A periodic timer that missed several periods calls back once. */
  #every(periodMs: number, callback: () => void): () => void {
    let isWaiting = false;
    let isCancelled = false;
    const cancel = this.#time.every(periodMs, () => {
      if (isWaiting) return;
      isWaiting = true;
      this.#take(this.#due, () => {
        isWaiting = false;
        if (!isCancelled) callback();
      });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }
}
