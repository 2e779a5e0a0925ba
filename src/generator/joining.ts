import { type DialAddress, endpointOf } from '../contract/address.ts';
import type { OutgoingEvent } from '../contract/mapping.ts';
import { connectsByIteration } from '../contract/scenario.ts';
import { type Connection, type ConnectOptions, given } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import { quietNs } from '../measure/fanout.ts';
import { type Reason, ReasonCounts } from '../measure/reason-counts.ts';
import type { Timers } from '../measure/timers.ts';
import type { ClientLives } from './client-life.ts';
import type { WorkerContext } from './context.ts';
import type { Member } from './messages.ts';
import type { ClientPool } from './pool.ts';

/** Where a client connects: to its link, which leads to the server of the run only. */
function dialOf({ assignment, linkOf }: WorkerContext, client: number, url: string): DialAddress | undefined {
  const dial = assignment.dials[linkOf[client] ?? -1];
  if (dial === undefined) return undefined;
  const [own, whole] = [endpointOf(new URL(url)), endpointOf(new URL(assignment.url))];
  if (own.host !== whole.host || own.port !== whole.port)
    throw new Error(
      `its url is at ${new URL(url).host}, and its link leads to ${new URL(assignment.url).host}`,
    );
  return dial;
}

/** Returns how each further connection connects. Connections take turns at the source addresses of this machine. */
export function connectOptionsFor(
  context: WorkerContext,
  lives: Pick<ClientLives, 'optionsOf'>,
  ofWorker: Partial<ConnectOptions>,
): (client: number) => Promise<ConnectOptions> {
  const { plan, assignment } = context;
  const { sourceAddresses, url } = assignment;
  let connects = 0;
  return async (client) => {
    const localAddress = sourceAddresses[connects % sourceAddresses.length];
    connects += 1;
    const options = await lives.optionsOf(client, url);
    return {
      ...options,
      ...ofWorker,
      forgetAfterMs: quietNs(plan.drainMs) / 1e6,
      // A client that never comes back takes no session along.
      ...(context.absences === null ? { recovery: null } : {}),
      ...given({
        localAddress,
        dial: dialOf(context, client, options.url),
        transport: plan.populations[context.populationOf[client] ?? -1]?.transport,
      }),
    };
  };
}

/** Connects all clients of this worker, unless iterations open the connections. */
export async function connectAll({ assignment, scenario }: WorkerContext, pool: ClientPool): Promise<void> {
  if (connectsByIteration(scenario)) await pool.holdNone(assignment.clients, assignment.connectRateHz);
  else await pool.connectAll(assignment.clients, assignment.connectRateHz);
}

/** Returns the clients that connected, with the server processes that serve them where a server has several. */
export async function membersOf(context: WorkerContext, pool: ClientPool): Promise<Member[]> {
  const { plan, scenario, target, timers } = context;
  const hasNodes = plan.target.reference?.hasNodes === true && !connectsByIteration(scenario);
  const node = hasNodes ? await target.mapping.node?.() : undefined;
  return Promise.all(
    [...pool.opened.keys()].map(async (client) => {
      const connection = pool.connections.get(client);
      if (node === undefined || connection === undefined) return { client, node: null };
      const asked = nodeOf(connection, node, plan.connectTimeoutMs, timers);
      return { client, node: await Promise.race([asked, pool.dropOf(client)]) };
    }),
  );
}

/** Joins the rooms of all connected clients. Resolves to why some could not; one that is dropped is not among them. */
export async function joinAll(context: WorkerContext, pool: ClientPool): Promise<Reason[]> {
  const failures = new ReasonCounts();
  const { layout, target } = context;
  if (target.mapping.join === undefined) return [];
  await Promise.all(
    [...pool.connections].map(async ([number, connection]) => {
      if ((layout.rooms[number] ?? []).length === 0) return;
      const problem = await Promise.race([joinClient(context, number, connection), pool.dropOf(number)]);
      if (problem !== null) failures.add(problem);
    }),
  );
  return failures.take();
}

/** Joins the rooms of a client. Resolves to why it could not; null when it has joined, or has no rooms. */
export async function joinClient(
  { plan, layout, target, clock, timers }: WorkerContext,
  number: number,
  connection: Connection,
): Promise<string | null> {
  const { join } = target.mapping;
  const rooms = layout.rooms[number] ?? [];
  if (rooms.length === 0 || join === undefined) return null;
  try {
    const events = [await join({ rooms, client: target.clientOf(number) })].flat();
    const unanswered = await joinRooms(connection, events, plan.connectTimeoutMs, clock, timers);
    if (unanswered === null) return null;
    return `no reply to "${unanswered}" (joining rooms) within ${plan.connectTimeoutMs / 1000} s`;
  } catch (error) {
    // The target's function threw, or what it returned cannot be sent.
    return messageOf(error);
  }
}

/** Resolves to what `start` resolves with, or to null after `timeoutMs`. Calls what `start` returns at the end. */
async function within<T>(
  timers: Timers,
  timeoutMs: number,
  start: (resolve: (value: T) => void) => () => void,
): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<T | null>();
  const cancel = timers.after(Math.max(0, timeoutMs), () => resolve(null));
  const stop = start(resolve);
  const value = await promise;
  cancel();
  stop();
  return value;
}

/** Joins a client. Resolves to the first event without a reply within `timeoutMs` in all, or to null. */
export async function joinRooms(
  connection: Connection,
  events: readonly OutgoingEvent[],
  timeoutMs: number,
  clock: Clock,
  timers: Timers,
): Promise<string | null> {
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  for (const { event, data, reply = 'acknowledgement' } of events) {
    if (reply === 'none') {
      connection.emit(event, data);
      continue;
    }
    const joined = await within<true>(timers, (deadlineNs - clock.nowNs()) / 1e6, (resolve) => {
      if (reply === 'acknowledgement') {
        connection.request(event, data, () => resolve(true));
        return () => {};
      }
      const stop = connection.on(reply.event, () => resolve(true));
      connection.emit(event, data);
      return stop;
    });
    if (joined === null) return event;
  }
  return null;
}

/** The number of the server process that serves a client; null when the server does not answer in time. */
export async function nodeOf(
  connection: Connection,
  { event, data }: OutgoingEvent,
  timeoutMs: number,
  timers: Timers,
): Promise<number | null> {
  const answer = await within<unknown>(timers, timeoutMs, (resolve) => {
    connection.request(event, data, resolve);
    return () => {};
  });
  return typeof answer === 'number' ? answer : null;
}
