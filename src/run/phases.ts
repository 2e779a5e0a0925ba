import { isHolding } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { SLOWEST_CONNECT_HZ } from '../generator/connect-limit.ts';
import { fanoutIsSplit } from '../plan/layout.ts';
import type { PlannedRun } from '../plan/plan.ts';
import type { Finding } from '../result/findings.ts';
import type { StoredRestart } from '../result/stored-absences.ts';
import { plural } from '../text.ts';
import type { Affinity } from './affinity.ts';
import type { Collector } from './collector.ts';
import type { RunControl } from './control.ts';
import type { RunHost } from './host.ts';
import { HUNG_AFTER_MS, untilAll } from './hung-workers.ts';
import type { OpenLinks } from './links.ts';
import { endWithoutClients, findLost } from './lost-clients.ts';
import type { Membership } from './membership.ts';
import type { RelayRecord } from './relay-record.ts';
import type { ServerUnderTest } from './server/server-process.ts';
import type { ShardRun } from './shard-run.ts';
import { failUnreachable, requireFittingMessages } from './unreachable.ts';
import { noneConnected } from './worker-record.ts';
import { Workers } from './workers.ts';

/** Time for a worker to start: about a second, and ten and more on a machine that is busy. */
const START_WITHIN_MS = 30_000;
/** Time for a worker to report a failure. */
const REPORT_WITHIN_MS = 250;
/** Time for the workers to stop sending, or to close their connections. */
const STOP_WITHIN_MS = 2000;

/** What the phases of a run share. */
export interface RunParts extends PlannedRun {
  readonly host: RunHost;
  readonly control: RunControl;
  readonly affinity: Affinity;
  /** Null where no relay makes the links. */
  readonly relay: RelayRecord | null;
  readonly membership: Membership;
  /** What is special to a shard of a run; null for a whole run. */
  readonly shard: ShardRun | null;
  readonly collector: Collector;
  readonly notes: Finding[];
  readonly restarts: StoredRestart[];
  /** Work to do at the end of the run, however it ends, in this order. */
  readonly cleanUps: Array<() => void | Promise<void>>;
}

/** A run whose processes have started. */
export interface StartedRun extends RunParts {
  readonly workers: Workers;
  readonly server: ServerUnderTest;
  readonly links: OpenLinks;
}

function noteAddresses(addresses: readonly string[]): Finding {
  const message = `clients connected from ${addresses[0] ?? ''} to ${addresses.at(-1) ?? ''}, because the ports of one address do not suffice`;
  return { code: 'source_addresses', message };
}

/** Starts the workers and the server, and gives each worker its part of the run. */
export async function start(run: RunParts): Promise<StartedRun> {
  const { plan, host, control, affinity, membership, collector, cleanUps } = run;
  const sourceAddresses = await host.requireLimits(run, membership.spread);
  if (sourceAddresses.length > plan.sourceAddresses.length) run.notes.push(noteAddresses(sourceAddresses));
  const workers = new Workers(host.startWorker, affinity.workers.length, {
    onMessage: (worker, message) => {
      collector.onMessage(worker, message);
      // One event may end the clients of all workers, each of which reports its own.
      if (message.type === 'dropped') host.timers.after(REPORT_WITHIN_MS, () => endWithoutClients(run));
    },
    onLost: (worker, reason) => {
      membership.loseWorker(worker);
      control.abort('worker_died', `generator process ${worker + 1} ended with ${reason}`);
    },
  });
  cleanUps.push(() => workers.kill());
  const onDied = (reason: string) =>
    control.abort('server_died', `the server ended during the run with ${reason}`);
  const { signal } = control;
  const server = await host.startServer(plan, { cpus: affinity.server, signal, onDied }).catch((error) => {
    // An aborted start fails, but that is not why nothing was measured.
    control.requireNotAborted();
    throw error;
  });
  cleanUps.push(async () => void (await server.stop()));
  const links = await openRunLinks(run, server.url, sourceAddresses);
  const { spread } = membership;
  // Latencies of another clock belong into no fan-out of this shard, also where it has all receivers.
  const isSplit = membership.crosses || fanoutIsSplit(run.layout, spread);
  const { originWallNs } = host.readWall();
  workers.assign(
    spread.map((clients) => ({
      plan,
      layout: run.layout,
      url: server.url,
      originNs: host.originNs,
      originWallNs,
      clients,
      connectRateHz: (plan.connectRateHz * clients.length) / plan.clients,
      sourceAddresses,
      dials: links.dials,
      fanoutIsSplit: isSplit,
      shard: run.shard?.shard ?? null,
    })),
  );
  const started = { ...run, workers, server, links };
  await untilAll(started, 'ready', Math.max(plan.connectTimeoutMs, START_WITHIN_MS));
  cleanUps.push(host.prepare(plan, affinity, workers.pids));
  return started;
}

/** Makes the links of the plan, which end with the run. */
async function openRunLinks(
  { plan, host, control, collector, relay, cleanUps }: RunParts,
  url: string,
  sourceAddresses: readonly string[],
): Promise<OpenLinks> {
  const links = await host.openLinks(plan, {
    ...{ url, sourceAddresses, cpus: relay?.cpus ?? null, originNs: host.originNs },
    onSnapshot: (snapshot) => relay?.add(snapshot, collector),
    onDied: (reason) => control.abort('relay_died', `the relay of --network ended with ${reason}`),
  });
  if (relay !== null) relay.pid = links.pid ?? -1;
  cleanUps.push(() => links.close());
  return links;
}

/**
 * Connects all clients and joins their rooms. Throws when no client could connect, none could join, or no sender or no
 * receiver is connected, or the server does not take messages of this size.
 */
export async function connect(run: StartedRun): Promise<void> {
  const { plan, control, workers, membership, collector, server } = run;
  server.telemetry?.beforeConnect();
  workers.postAll({ type: 'connect' });
  const connectMs = (plan.clients / Math.min(plan.connectRateHz, SLOWEST_CONNECT_HZ)) * 1000;
  // A target file has hooks before and after the connection, and functions that fetch its options.
  const tryMs = connectMs + (plan.target.file === null ? 1 : 4) * plan.connectTimeoutMs;
  // A server of several processes is then asked which of them serves each client.
  const askMs = plan.target.reference?.hasNodes === true ? plan.connectTimeoutMs : 0;
  const connected = untilAll(run, 'connected', tryMs + askMs + HUNG_AFTER_MS);
  // With many clients and a low rate, waiting for the last failure could take hours.
  await control.until(connected, plan.connectTimeoutMs + REPORT_WITHIN_MS);
  control.requireNotAborted();
  if (noneConnected(collector.workers)) await failUnreachable(run);
  if (
    !isHolding(run.layout) &&
    collector.dropped.total > 0 &&
    collector.workers.every((worker) => worker.connected === 0)
  ) {
    control.abort('clients_lost', `all clients that connected were dropped: ${collector.dropped.commonest}`);
  }
  await connected;
  control.requireNotAborted();
  if (membership.connected.length === 0) await failUnreachable(run);
  requireFittingMessages(run);
  workers.postAll({ type: 'join', members: membership.connected });
  await untilAll(run, 'joined', plan.connectTimeoutMs + HUNG_AFTER_MS);
  control.requireNotAborted();
  const joining = membership.connected.filter(({ client }) => (run.layout.rooms[client] ?? []).length > 0);
  if (joining.length > 0 && collector.joinFailures.total >= joining.length) {
    fail(
      'JOIN_UNANSWERED',
      `the clients connected to ${run.server.url}, but none of them could join its rooms: ${collector.joinFailures.commonest}`,
      'The server has to acknowledge enter_chat, or the join event of the target file; see docs/your-own-server.md.',
    );
  }
  const lost = findLost(run);
  if (lost !== null) control.abort(lost.code, lost.message);
  control.requireNotAborted();
}

/** Waits until the schedule has been sent and its time is over, or the run is aborted. Resolves to the measured time. */
export async function measureLoad(run: StartedRun): Promise<number> {
  const { plan, control, workers, server, collector } = run;
  server.telemetry?.sampleNow();
  await untilAll(run, 'sent', plan.durationMs + HUNG_AFTER_MS);
  await control.pause(plan.durationMs - control.elapsedMs);
  const measuredMs = Math.min(plan.durationMs, control.elapsedMs);
  collector.endMeasuring(measuredMs);
  server.telemetry?.sampleNow();
  if (control.isAborted) {
    workers.postAll({ type: 'stop' });
    await control.within(workers.all('sent'), STOP_WITHIN_MS);
  }
  return measuredMs;
}

/** Has the workers report what is left and close their connections. A worker that reports nothing is given up. */
export async function collect(run: StartedRun): Promise<void> {
  const { control, workers, server, collector, links } = run;
  server.telemetry?.sampleNow();
  await control.within(links.finish(), STOP_WITHIN_MS);
  workers.postAll({ type: 'finish' });
  await untilAll(run, 'final', HUNG_AFTER_MS, 'within');
  collector.finish();
  await run.shard?.compareAgain();
  await control.within(workers.all('closed'), STOP_WITHIN_MS);
  const forgotten = collector.workers.reduce((sum, { forgottenGaps }) => sum + forgottenGaps, 0);
  if (forgotten > 0) {
    const message = `the oldest ${plural(forgotten, 'gap')} in what receivers got were forgotten to save memory`;
    run.notes.push({ code: 'gaps_forgotten', message });
  }
  const { total, commonest } = collector.notLeft;
  if (total > 0) {
    run.notes.push({ code: 'not_left', message: `${plural(total, 'client')} could not leave: ${commonest}` });
  }
}
