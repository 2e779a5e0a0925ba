/** Child entry: a generator process. It handles messages of the coordinator, ends with it and ignores signals to the group. */
import { scenarios } from '../../scenarios/index.ts';
import { keepCompiled } from '../compile-cache.ts';
import { drivers } from '../drivers/index.ts';
import { messageOf, SockbenchError } from '../errors.ts';
import { createClock } from '../measure/clock.ts';
import { ownEventLoop } from '../measure/event-loop.ts';
import { TelemetrySampler } from '../measure/telemetry.ts';
import { realTimers } from '../measure/timers.ts';
import { TrafficSampler } from '../measure/traffic.ts';
import { guardProcess } from '../user-files/process-guard.ts';
import { loadScenarioFile } from '../user-files/scenario-file.ts';
import { loadDrivers, mixesSockets } from './drivers-in-use.ts';
import { garbageCollector } from './garbage.ts';
import type { Assignment, FromWorker, ToWorker } from './messages.ts';
import { startThreadPool } from './priority.ts';
import { GeneratorSession } from './session.ts';
import { type OwnSockets, openSockets } from './sockets.ts';
import { loadTarget } from './target.ts';

let session: GeneratorSession | null = null;

function post(message: FromWorker): void {
  if (!process.connected) return;
  if (message.type === 'closed') process.send?.(message, () => process.exit(0));
  else process.send?.(message);
}

function crash(error: unknown): void {
  if (process.connected)
    process.send?.({ type: 'crash', message: crashReason(error) }, () => process.exit(1));
  else process.exit(1);
}

/** What was thrown. For an error that nothing throws intentionally, as a TypeError, its kind and the place too. */
function crashReason(error: unknown): string {
  if (!(error instanceof Error) || error instanceof SockbenchError || error.name === 'Error')
    return messageOf(error);
  const [, place] = /^ +at (?:.*[(/])?([^()/]+\/[^()/]+:\d+):\d+\)?$/m.exec(error.stack ?? '') ?? [];
  return `${error.name}: ${error.message}${place === undefined ? '' : ` at ${place}`}`;
}

/** Every stream of bytes begins with a request, which no HTTP client of Node.js sends. */
function countHandshakes(sockets: OwnSockets, { noteHandshake }: TrafficSampler): OwnSockets {
  return {
    ...sockets,
    openStream: (address, handlers) => {
      noteHandshake();
      return sockets.openStream(address, handlers);
    },
  };
}

/** The kernel times only what comes by its own sockets, and figures of populations are compared. */
const ONE_CLOCK = 'populations of another driver are timed by the process, and all clients are timed alike';

async function createSession(assignment: Assignment): Promise<GeneratorSession> {
  const { plan } = assignment;
  const scenario =
    plan.scenarioFile === null
      ? scenarios.find(({ name }) => name === plan.scenario)
      : await loadScenarioFile(plan.scenarioFile);
  if (scenario === undefined) throw new Error(`there is no scenario ${plan.scenario}`);
  const driver = await loadDrivers(plan, drivers);
  const target = await loadTarget(plan);
  const clock = createClock(assignment.originNs);
  const telemetry = new TelemetrySampler(clock);
  const traffic = new TrafficSampler();
  const obstacle = mixesSockets(plan, drivers) ? ONE_CLOCK : null;
  const opened =
    driver.opensStreams === true ? openSockets({ ...plan, obstacle }, new URL(assignment.url), clock) : null;
  const sockets = opened === null ? null : countHandshakes(opened, traffic);
  const kernel = sockets?.loop ?? null;
  if (kernel !== null) {
    telemetry.otherWait = kernel;
    traffic.otherBytes = () => kernel.bytes;
  }
  const loop = ownEventLoop(telemetry.delay, kernel);
  // Node reads its own sockets, and its own immediates follow.
  const timers =
    kernel === null || sockets?.kind === 'node'
      ? realTimers
      : { ...realTimers, soon: (callback: () => void) => kernel.soon(callback) };
  const given = { assignment, scenario, driver, target, clock, timers, loop, sockets };
  return new GeneratorSession({ ...given, telemetry, traffic, post, collectGarbage: garbageCollector() });
}

async function handleMessage(message: ToWorker): Promise<void> {
  if (message.type === 'assign') {
    await startThreadPool();
    session = await createSession(message.assignment);
    keepCompiled();
    session.start();
    return;
  }
  if (session === null) throw new Error(`"${message.type}" before "assign"`);
  await session.handle(message);
}

process.on('message', (message: ToWorker) => void handleMessage(message).catch(crash));
guardProcess({
  onUserError: (message) => {
    if (session === null) crash(new Error(message));
    else session.noteFailure(message);
  },
  onCrash: crash,
});
process.on('disconnect', () => process.exit(1));
// Ctrl-C, `timeout` and a closed terminal signal the whole process group; the coordinator decides when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
