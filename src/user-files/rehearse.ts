import { basename } from 'node:path';
import { Arguments, type Awaitable, type Mapping, type OutgoingEvent } from '../contract/mapping.ts';
import type { Payload } from '../contract/protocol.ts';
import type { Layout } from '../contract/scenario.ts';
import { type Client, type FrameCodec, forClient, requireEntered } from '../contract/target.ts';
import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { createPayloads } from '../measure/payload.ts';
import { fixedSize } from '../measure/payload-contents.ts';
import { contentsOf } from '../plan/payload-plan.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { isAsync } from './named-functions.ts';
import { isPromise, withSlash } from './results.ts';
import type { TargetDefinition } from './target-definition.ts';
import { type ClientValues, roomName } from './target-file.ts';

/** How long the rehearsed payload is at most: enough for its stamp, and quick to encode. */
const PAYLOAD_BYTES = 1024;
/** With how many files the functions are called. */
const MAX_PAYLOADS = 100;

/**
 * Calls the functions of a target once, or once for each file of payloads, as the first client of a run would: those for
 * connecting, and those of the operations in `needs`. Throws USER_FUNCTION for one that throws, USER_RESULT for one whose result cannot be sent.
 *
 * Nothing is called that needs the server, which is not up: hooks, functions that are declared async, and functions that
 * read what the server sends. The values of `prepare` are missing, so a function that reads values of the client may fail
 * where the target has that hook.
 */
export function rehearseTarget(
  target: TargetDefinition,
  file: string,
  valuesOf: ClientValues,
  needs: ReadonlyArray<keyof Mapping>,
  { plan, layout }: Pick<PlannedRun, 'plan' | 'layout'>,
): void {
  const { client, tryCall } = rehearsedClient(target, valuesOf);
  const { namespace, namespaces, path, protocols, auth, headers, query } = target;
  const isJson = plan.settings.parser !== 'msgpack' && typeof target.parser !== 'object';
  for (const perClient of [namespace, path, protocols, auth, headers, query]) {
    if (typeof perClient === 'function' && !isAsync(perClient))
      tryCall(() => void ignoreLater(perClient(client)));
  }
  let entered: readonly string[] | null = null;
  tryCall(() => {
    if (plan.target.protocol === 'socketio') entered = namesOfNamespaces(namespaces, client);
  });
  requireEnteredBy(target, entered);
  requireDistinctRooms(target, basename(file), layout);
  let codec: FrameCodec | undefined;
  tryCall(() => {
    codec = typeof target.codec === 'function' ? target.codec(client, null) : target.codec;
  });
  const contents =
    plan.payload?.kind === 'files' ? contentsOf(plan) : fixedSize(Math.min(plan.payloadBytes, PAYLOAD_BYTES));
  const { write } = createPayloads({ key: 0, contents, check: 'nothing' });
  // A function that takes one file may throw for another.
  const payloads = Array.from({ length: Math.min(plan.payload?.fileCount ?? 1, MAX_PAYLOADS) }, (_, seq) =>
    write({ stream: 0, seq, intendedNs: 0, actualNs: 0, measured: false }, plan.payloadType),
  );
  const hasSteps = layout.streams.some(({ operation }) => operation.kind === 'steps');
  for (const name of new Set([...needs, ...(hasSteps ? (['publish', 'request'] as const) : [])])) {
    tryCall(() => {
      for (const sent of payloads.flatMap((payload) => eventsOf(target, name, layout, client, payload))) {
        requireSendable(sent, codec, `${name} of ${basename(file)}`, isJson);
        if (entered !== null && 'event' in sent) requireEntered(sent.event, entered);
      }
    });
  }
}

/** The names that events have for the namespaces of a client; null where they are not known before a run. */
function namesOfNamespaces(namespaces: TargetDefinition['namespaces'], client: Client): string[] | null {
  if (namespaces === undefined) return [];
  if (isAsync(Object(namespaces))) return null;
  const ofClient = ignoreLater(forClient(namespaces, client) ?? []);
  if (isPromise(ofClient)) return null;
  return Array.isArray(ofClient) ? ofClient.map(withSlash) : Object.keys(ofClient);
}

/** Checks the events that a target waits for. Throws UNKNOWN_NAMESPACE. */
function requireEnteredBy(target: TargetDefinition, entered: readonly string[] | null): void {
  if (entered === null) return;
  const { delivery, echoed, streamed, asked, observe, refused, answer = {}, acknowledge = {} } = target;
  const waited = [delivery, echoed, streamed, asked, observe, refused].flatMap((field) => field?.event ?? []);
  for (const event of [...waited, ...Object.keys(answer), ...Object.keys(acknowledge)])
    requireEntered(event, entered);
}

/** Messages of two rooms with one name would reach the members of both. Throws USER_RESULT. */
function requireDistinctRooms(target: TargetDefinition, file: string, { rooms }: Layout): void {
  if (target.rooms === undefined) return;
  const named = new Map<string, string>();
  for (const room of new Set(rooms.flat())) {
    const name = roomName(target, room);
    const other = named.get(name);
    if (other !== undefined) {
      fail(
        'USER_RESULT',
        `rooms of ${file} returned ${JSON.stringify(foreign(name))} for ${other} and for ${room}`,
        'Return another name for each number.',
      );
    }
    named.set(name, room);
  }
}

/** Leaves alone what a function does later: a promise that rejects must not end the process. */
function ignoreLater<T>(result: T | Promise<T>): T | Promise<T> {
  if (result instanceof Promise) result.catch(() => {});
  return result;
}

/** The first client as far as it is known before a run. `tryCall` ignores errors that its missing values may cause. */
function rehearsedClient({ prepare }: TargetDefinition, valuesOf: ClientValues) {
  const values = isAsync(valuesOf) ? null : ignoreLater(valuesOf(0));
  const isKnown = prepare === undefined && values !== null && !isPromise(values);
  let wasRead = false;
  const client: Client = {
    number: 0,
    get values() {
      wasRead = true;
      return values === null || isPromise(values) ? {} : values;
    },
  };
  const tryCall = (work: () => void) => {
    wasRead = false;
    try {
      work();
    } catch (error) {
      if (isKnown || !wasRead) throw error;
    }
  };
  return { client, tryCall };
}

/** What a function of the target returns for the first message of a layout; empty for what sends nothing. */
function eventsOf(
  target: Mapping,
  name: keyof Mapping,
  { rooms, streams }: Layout,
  client: Client,
  payload: Payload,
): ReadonlyArray<OutgoingEvent | { readonly body?: unknown }> {
  const operations = streams.map(({ operation }) => operation);
  const published = operations.find((operation) => operation.kind === 'publish');
  const streamed = operations.find((operation) => operation.kind === 'stream-reply');
  const { scope, room, to: receiver } = published ?? { scope: 'everyone', room: null, to: undefined };
  switch (name) {
    case 'join':
      return madeBy(target.join, { rooms: rooms.find((each) => each.length > 0) ?? [], client });
    case 'publish':
      return madeBy(target.publish, {
        ...{ payload, scope, room, client, id: 1 },
        to: receiver === undefined ? null : client,
      });
    case 'streamRequest':
      return madeBy(target.streamRequest, { payload, count: streamed?.replies ?? 1, client });
    case 'request':
    case 'echo':
    case 'askMe':
      return madeBy(target[name], { payload, client, id: 1 });
    case 'rooms':
    case 'delivery':
    case 'reply':
    case 'refused':
    case 'echoed':
    case 'streamed':
    case 'asked':
    case 'observe':
    case 'node':
    case 'changesPayload':
      return [];
  }
}

/** The events that a function makes at once; none of one that is async, or that the target does not declare. */
function madeBy<Argument, Made>(
  make: ((argument: Argument) => Awaitable<Made | readonly Made[]>) | undefined,
  argument: Argument,
): readonly Made[] {
  if (make === undefined || isAsync(make)) return [];
  const made = ignoreLater(make(argument));
  return isPromise(made) ? [] : ([made as Made | readonly Made[]].flat() as readonly Made[]);
}

function requireSendable(
  sent: OutgoingEvent | { readonly body?: unknown },
  codec: FrameCodec | undefined,
  whose: string,
  isJson: boolean,
): void {
  const { data } = 'event' in sent ? sent : { data: sent.body };
  if ('event' in sent && codec !== undefined) {
    codec.encode({ event: sent.event, data });
    return;
  }
  if (!isJson) return;
  const content = data instanceof Arguments ? data.list : data;
  let problem = 'it is no JSON';
  try {
    const text = JSON.stringify(content, (_, value) => (value instanceof Uint8Array ? '' : value));
    if (text !== undefined || content === undefined) return;
  } catch (error) {
    problem = foreign(error);
  }
  fail(
    'USER_RESULT',
    `${whose} returned data that cannot be sent: ${problem}`,
    'Data are text, numbers, booleans, null, bytes, and lists and objects of these.',
  );
}
