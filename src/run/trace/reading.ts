import type { IncomingEvent, Mapping } from '../../contract/mapping.ts';
import type { Layout } from '../../contract/scenario.ts';
import type { OnRead } from '../../drivers/driver.ts';
import { messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { findStamp, SEARCH_LIMITS, type Stamp } from '../../measure/stamp.ts';

/** What the target makes of one message that a client received. */
export interface TargetReading {
  readonly client: number;
  readonly kind: Parameters<OnRead>[0];
  readonly event: string;
  /** Whether the target names the event, or the message is an acknowledgement. */
  readonly isNamed: boolean;
  /** The payload of sockbench in it, and where: `data.text`; null where there is none. */
  readonly found: { readonly stamp: Stamp; readonly path: string } | null;
  /** What the target's own function for the payload says where it does not find the payload; null where all is well. */
  readonly problem: string | null;
  /** Whether it counts as a delivery or a reply of this client. */
  readonly counts: boolean;
  /** The reading in words. */
  readonly text: string;
}

/** Where a message of the server may be named in a target, with its function for the payload. */
function namedIn(
  mapping: Mapping,
  event: string,
): Array<{ field: string; payload?: IncomingEvent['payload'] }> {
  const { delivery, echoed, streamed, asked, observe } = mapping;
  const incoming = Object.entries({ delivery, echoed }).flatMap(([field, named]) =>
    named !== undefined && [named.event].flat().includes(event) ? [{ field, payload: named.payload }] : [],
  );
  const others = Object.entries({ streamed, asked, observe }).flatMap(([field, named]) =>
    named?.event === event ? [{ field }] : [],
  );
  return [...incoming, ...others];
}

/** Reads a message as the target does. `replyEvents`: the events that confirm what clients send. */
export function readMessage(
  { mapping, layout, replyEvents }: { mapping: Mapping; layout: Layout; replyEvents: ReadonlySet<string> },
  client: number,
  [kind, event, data]: Parameters<OnRead>,
): TargetReading {
  const name = `event ${JSON.stringify(foreign(event, 60))}`;
  if (kind === 'none') {
    const problem = data === null ? null : `codec.decode threw: ${foreign(messageOf(data))}`;
    const text = problem ?? 'the codec finds no event in it';
    return { client, kind, event: '', isNamed: false, found: null, problem, counts: false, text };
  }
  const found = findPayload(data);
  const places = namedIn(mapping, event);
  const isNamed = kind === 'reply' || places.length > 0 || replyEvents.has(event);
  const problem =
    kind === 'event'
      ? (places.map((place) => payloadProblem(place, data)).find((each) => each !== null) ?? null)
      : null;
  const receivers = found === null ? [] : (layout.streams[found.stamp.stream]?.receivers ?? []);
  const counts = isNamed && problem === null && found !== null && receivers.includes(client);
  const place = kind === 'reply' ? 'acknowledgement' : `${name}${whereNamed(places, isNamed)}`;
  const isAwaited = places.length > 0 || (kind === 'event' && isNamed);
  const without = isAwaited ? 'without a payload of sockbench' : null;
  const payload = found === null ? without : `payload at ${found.path}`;
  const effect =
    problem ?? (found === null ? null : effectOf(found.stamp, { client, layout, counts, isNamed }));
  const text = [place, payload, effect].filter((part) => part !== null).join('; ');
  return { client, kind, event, isNamed, found, problem, counts, text };
}

function whereNamed(places: ReadonlyArray<{ readonly field: string }>, isNamed: boolean): string {
  const [first] = places;
  if (first !== undefined) return ` (${first.field})`;
  return isNamed ? '' : ', not named by the target';
}

/** Why the target's own function does not find the payload. */
function payloadProblem(
  { field, payload }: { readonly field: string; readonly payload?: IncomingEvent['payload'] },
  data: unknown,
): string | null {
  if (payload === undefined) return null;
  try {
    return findStamp(payload(data)) === null ? `${field}.payload returns no payload` : null;
  } catch (error) {
    return `${field}.payload threw: ${foreign(messageOf(error))}`;
  }
}

function effectOf(
  { stream, measured }: Stamp,
  { client, layout, counts, isNamed }: { client: number; layout: Layout; counts: boolean; isNamed: boolean },
): string {
  const sender = layout.streams[stream]?.sender;
  if (!measured || sender === undefined) return 'does not count: it was not sent now';
  if (counts) return `counts for client ${client}`;
  return isNamed ? `does not count: client ${client} is no receiver` : 'does not count';
}

/** Finds the payload in data as a run does, and the path to it. */
function findPayload(data: unknown): TargetReading['found'] {
  let values = SEARCH_LIMITS.values;
  const search = (value: unknown, path: string, levels: number): TargetReading['found'] => {
    values -= 1;
    if (values < 0) return null;
    if (typeof value === 'string' || value instanceof Uint8Array) {
      const stamp = findStamp(value);
      return stamp === null ? null : { stamp, path };
    }
    if (typeof value !== 'object' || value === null || levels === 0) return null;
    for (const [key, inner] of Object.entries(value)) {
      const found = search(inner, `${path}${stepTo(key, Array.isArray(value))}`, levels - 1);
      if (found !== null) return found;
    }
    return null;
  };
  return search(data, 'data', SEARCH_LIMITS.levels);
}

/** `.text`, `[0]`, `["a b"]` */
function stepTo(key: string, isList: boolean): string {
  if (isList) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${foreign(key, 60)}` : `[${JSON.stringify(foreign(key, 60))}]`;
}
