import {
  connectsByIteration,
  type Layout,
  OPERATION_KINDS,
  type Operation,
  SCOPES,
  type Scenario,
  type Stream,
} from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { seriesOfRun } from '../measure/series.ts';
import { list, plural } from '../text.ts';
import { formatCount, formatDurationMs, formatNumber } from '../units.ts';
import type { ArrivalProcess } from './arrivals.ts';
import type { Profile } from './profile.ts';

/**
 * Checks that messages of a layout can be counted: every client number exists, receivers are ascending, series are
 * declared, and steps are written. Throws BAD_LAYOUT.
 */
export function requireSoundLayout(scenario: Scenario, layout: Layout, clients: number): void {
  const { name } = scenario;
  const { rooms, streams } = layout ?? {};
  const isList = Array.isArray(rooms) && rooms.every(Array.isArray) && Array.isArray(streams);
  if (!isList) {
    badLayout(
      name,
      'its layout has no lists called rooms and streams',
      'Return { rooms, streams }: rooms is a list for each client.',
    );
  }
  const known = new Set(seriesOfRun(scenario.series).map((series) => series.name));
  const headline = layout.headline ?? scenario.headline;
  if (!known.has(headline)) {
    badLayout(
      name,
      `its headline ${headline} is not a series`,
      'Declare it in series, or use a series of every run, such as iteration, delivery or ack.',
    );
  }
  if (rooms.length !== clients) {
    badLayout(
      name,
      `its layout has a list of rooms for ${rooms.length} of ${plural(clients, 'client')}`,
      'Return one list for each client; an empty one for a client that joins no room.',
    );
  }
  if (connectsByIteration(scenario) && rooms.some(({ length }) => length > 0)) {
    badLayout(
      name,
      'its clients join rooms, but have no connection',
      "Return an empty list of rooms for each client, or remove connections: 'iterations'.",
    );
  }
  for (const [index, stream] of layout.streams.entries()) {
    const [problem, hint] = problemOf(stream, scenario, clients, known) ?? [];
    if (hint !== undefined) badLayout(name, `stream ${index} of its layout ${problem}`, hint);
  }
}

/** Checks that a message has a receiver, unless steps may send requests only. Throws NO_RECEIVERS. */
export function requireReceivers({ streams }: Layout, { name }: Scenario, clients: number): void {
  const isOf = ({ receivers, operation }: Stream) => receivers.length > 0 || operation.kind === 'steps';
  if (streams.length === 0 || streams.some(isOf)) return;
  fail(
    'NO_RECEIVERS',
    `with --clients ${clients}, no client would receive a message of ${name}`,
    'Increase --clients, or let senders receive their own messages.',
  );
}

/**
 * Checks that no client sends twice within the cool-down while the streams take turns. Throws SENDER_COOLDOWN with the
 * number of senders that suffice. The warm-up and the measured time have different senders.
 */
export function requireSenders(
  { streams }: Layout,
  {
    cooldownMs,
    profile,
    arrival,
    warmupMaxMs,
  }: {
    readonly cooldownMs: number;
    readonly profile: Profile;
    readonly arrival: ArrivalProcess;
    readonly warmupMaxMs: number;
  },
): void {
  const flag = `--sender-cooldown ${formatDurationMs(cooldownMs)}`;
  if (arrival !== 'constant') {
    fail('SENDER_COOLDOWN', `${flag} does not hold for messages at random times`, 'Use --arrival constant.');
  }
  const rateHz = Math.max(...profile.map(({ fromHz, toHz }) => Math.max(fromHz, toHz)));
  // Sends are late by some microseconds, so that the next one would come a little early.
  const inTurn = Math.floor((rateHz * cooldownMs) / 1000) + 1;
  const needed = warmupMaxMs > 0 ? 2 * inTurn : inTurn;
  const senders = new Set(streams.map(({ sender }) => sender)).size;
  if (senders >= needed && senders === streams.length) return;
  const other =
    senders < streams.length ? ', in more streams than that, so that some send twice in turn' : '';
  fail(
    'SENDER_COOLDOWN',
    `${flag} at ${formatNumber(rateHz)}/s needs ${formatCount(needed)} clients that send; ${formatCount(senders)} do${other}`,
    `Give --publishers ${needed} and as many --clients, or a lower --rate.${warmupMaxMs > 0 ? ` Without warm-up (--warmup 0s --warmup-max 0s), ${formatCount(inTurn)} suffice.` : ''}`,
  );
}

function badLayout(scenario: string, problem: string, hint: string): never {
  return fail('BAD_LAYOUT', `the scenario ${scenario}: ${problem}`, hint);
}

function problemOf(
  stream: Stream,
  scenario: Scenario,
  clients: number,
  known: ReadonlySet<string>,
): readonly [problem: string, hint: string] | null {
  const { sender, receivers, operation, series } = stream ?? {};
  if (!Array.isArray(receivers))
    return ['has no list of receivers', 'Return { sender, operation, receivers }.'];
  const wrong = problemOfOperation(operation);
  if (wrong !== null) return wrong;
  const isClient = (number: number) => Number.isInteger(number) && number >= 0 && number < clients;
  const stranger = [sender, ...receivers].find((number) => !isClient(number));
  if (stranger !== undefined) {
    return [`names client ${stranger}`, `Clients have the numbers 0 to ${clients - 1}.`];
  }
  if (receivers.some((receiver, place) => receiver <= (receivers[place - 1] ?? -1))) {
    return ['names its receivers out of order', 'List them in ascending order, each once.'];
  }
  if (series !== undefined && !known.has(series)) {
    return [`records into ${series}, which is not a series`, 'Declare it in series.'];
  }
  if (operation.kind !== 'steps' && connectsByIteration(scenario)) {
    return [
      `has the operation ${operation.kind}, which needs a connection of its client`,
      "Use the operation steps, or remove connections: 'iterations'.",
    ];
  }
  if (operation.kind !== 'steps' || scenario.steps !== undefined) return null;
  return ['has the operation steps, but the scenario has no steps', 'Write steps: async (user) => { ... }.'];
}

function problemOfOperation(operation: Operation): readonly [problem: string, hint: string] | null {
  const kind = operation?.kind;
  if (!OPERATION_KINDS.includes(kind)) {
    return [`has the operation ${String(kind)}`, `The operations are ${list(OPERATION_KINDS)}.`];
  }
  if (operation.kind === 'publish' && !SCOPES.includes(operation.scope)) {
    return [`publishes to ${String(operation.scope)}`, `The scopes are ${list(SCOPES)}.`];
  }
  if (operation.kind === 'publish' && operation.room !== null && typeof operation.room !== 'string') {
    return ['publishes to a room that is no name', 'room is text, or null for a scope without a room.'];
  }
  if (operation.kind === 'publish' && operation.to !== undefined && !Number.isInteger(operation.to)) {
    return [
      `publishes to client ${String(operation.to)}`,
      'to is the number of the client that receives it.',
    ];
  }
  const isCounted =
    operation.kind !== 'stream-reply' || (Number.isInteger(operation.replies) && operation.replies > 0);
  return isCounted ? null : ['has no number of replies', 'replies is a whole number from 1.'];
}

/**
 * Distributes these clients over workers; returns client numbers per worker, ascending. When only some clients send and
 * there is more than one worker, the senders have the first worker to themselves, so that sending never waits behind
 * receiving; the other workers take the receivers in turn.
 */
export function spreadClients(layout: Layout, clients: readonly number[], workers: number): number[][] {
  const spread: number[][] = Array.from({ length: workers }, () => []);
  const senders = new Set(layout.streams.map((stream) => stream.sender));
  const sending = clients.filter((client) => senders.has(client)).length;
  const apart = workers > 1 && sending > 0 && sending < clients.length;
  let turn = 0;
  for (const client of clients) {
    if (apart && senders.has(client)) {
      spread[0]?.push(client);
    } else {
      spread[apart ? 1 + (turn % (workers - 1)) : turn % workers]?.push(client);
      turn += 1;
    }
  }
  return spread;
}

/** Whether a stream has receivers in more than one worker. */
export function fanoutIsSplit(layout: Layout, spread: ReadonlyArray<readonly number[]>): boolean {
  const workerOf = new Map(spread.flatMap((clients, worker) => clients.map((client) => [client, worker])));
  return layout.streams.some(
    (stream) => new Set(stream.receivers.map((client) => workerOf.get(client))).size > 1,
  );
}
