import type { ClientHooks } from '../../contract/hooks.ts';
import type { IncomingEvent, Mapping } from '../../contract/mapping.ts';
import { rejectionIn } from '../../contract/replies.ts';
import type { Layout } from '../../contract/scenario.ts';
import type { OnRead } from '../../drivers/driver.ts';
import { messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { refusalIn } from '../../generator/refusals.ts';
import { judgeReply } from '../../generator/replies.ts';
import { readSentAt } from '../../generator/sent-at.ts';
import type { Reading } from '../../measure/payload.ts';
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
  /** What a function of the target says where it cannot read the message; null where all is well. */
  readonly problem: string | null;
  /** Why the server says no, where the message is a rejection; null for any other. */
  readonly rejection: string | null;
  /** The server asks for an acknowledgement, and the target gives none. */
  readonly isUnacknowledged: boolean;
  /** Whether it counts as a delivery or a reply of this client. */
  readonly counts: boolean;
  /** The reading in words. */
  readonly text: string;
}

/** What messages are read by. */
export interface ReadingRules {
  readonly mapping: Mapping;
  readonly hooks: Pick<ClientHooks, 'opened' | 'answer' | 'acknowledge' | 'leave'>;
  readonly layout: Layout;
  /** The events that confirm what clients send. */
  readonly replyEvents: ReadonlySet<string>;
  /** The events that clients published and requested by. */
  readonly sentEvents: ReadonlySet<string>;
}

interface NamedPlace {
  readonly field: string;
  readonly payload?: IncomingEvent['payload'];
}

/** Whether an event is the one that a target names, or one of those. */
export const isAmong = (events: string | readonly string[] | undefined, event: string) =>
  events !== undefined && [events].flat().includes(event);

/** Where a message of the server may be named in a target, with its function for the payload. */
function namedIn({ mapping, hooks }: ReadingRules, event: string): NamedPlace[] {
  const { delivery, echoed, streamed, asked, observe, refused } = mapping;
  const incoming = Object.entries({ delivery, echoed }).flatMap(([field, named]) =>
    isAmong(named?.event, event) ? [{ field, payload: named?.payload }] : [],
  );
  const others = Object.entries({ streamed, asked, observe, refused }).flatMap(([field, named]) =>
    isAmong(named?.event, event) ? [{ field }] : [],
  );
  const own = (['answer', 'acknowledge'] as const).flatMap((field) =>
    Object.hasOwn(hooks[field] ?? {}, event) ? [{ field }] : [],
  );
  return [...incoming, ...others, ...own];
}

/** Whether the target acknowledges an event. */
function isAcknowledged({ mapping, hooks }: ReadingRules, event: string): boolean {
  const { delivery, echoed, asked } = mapping;
  const incoming = [delivery, echoed].some(
    (named) => named?.acknowledge !== undefined && isAmong(named.event, event),
  );
  return incoming || asked?.event === event || Object.hasOwn(hooks.acknowledge ?? {}, event);
}

/** Reads a message as the target does. */
export function readMessage(
  by: ReadingRules,
  client: number,
  [kind, event, data, asks = false]: Parameters<OnRead>,
): TargetReading {
  if (kind === 'none') return unreadable(client, data);
  const found = findPayload(data);
  const places = kind === 'reply' ? [] : namedIn(by, event);
  const isNamed = kind === 'reply' || places.length > 0 || by.replyEvents.has(event);
  const { rejection, problem } = judged(by, places, [kind, event, data]);
  const receivers = found === null ? [] : (by.layout.streams[found.stamp.stream]?.receivers ?? []);
  const isTaken = isNamed && problem === null && rejection === null;
  const counts = isTaken && found !== null && receivers.includes(client);
  const place =
    kind === 'reply' ? 'acknowledgement' : namedPlaceOf(event, places, isNamed, found !== null, by);
  const content =
    pushIn(by.mapping, places, data) ?? contentOf(found, rejection ?? problem, kind, places, isNamed);
  const effect =
    found === null || rejection !== null || problem !== null
      ? null
      : effectOf(found.stamp, { client, layout: by.layout, counts, isNamed });
  const no = rejection === null ? null : `says no: ${foreign(rejection, 200)}`;
  const isUnacknowledged = asks && !isAcknowledged(by, event);
  const lack = isUnacknowledged
    ? 'the server asks for an acknowledgement, which the target does not send'
    : null;
  const text = [place, content, no, problem, effect, lack].filter((part) => part !== null).join('; ');
  return { client, kind, event, isNamed, found, problem, rejection, isUnacknowledged, counts, text };
}

function unreadable(client: number, error: unknown): TargetReading {
  const problem = error === null ? null : `codec.decode threw: ${foreign(messageOf(error))}`;
  const text = problem ?? 'the codec finds no event in it';
  const nothing = { isNamed: false, found: null, rejection: null, isUnacknowledged: false, counts: false };
  return { client, kind: 'none', event: '', ...nothing, problem, text };
}

/** Whether a message says no, or a function of the target cannot read it. */
function judged(
  { mapping, replyEvents, sentEvents }: ReadingRules,
  places: readonly NamedPlace[],
  [kind, event, data]: Parameters<OnRead>,
): Pick<TargetReading, 'rejection' | 'problem'> {
  const { refused } = mapping;
  if (refused !== undefined && places.some(({ field }) => field === 'refused')) {
    try {
      const isShared = places.length > 1 || replyEvents.has(event);
      const rejection = refusalIn(refused, data, isShared);
      if (rejection !== null) return { rejection, problem: null };
    } catch (error) {
      return { rejection: null, problem: `refused.reason threw: ${foreign(messageOf(error))}` };
    }
  }
  if (kind === 'reply' || replyEvents.has(event)) {
    // Replies to other events, such as those that join, are not read by the target.
    const isRead = kind !== 'reply' || event === '' || sentEvents.has(event);
    const answer = isRead ? judgeReply(data, event, mapping, PAYLOADS) : null;
    const rejection = answer === null ? rejectionIn(data) : answer.kind === 'rejected' ? answer.reason : null;
    if (rejection !== null) return { rejection, problem: null };
  }
  const problem = places.map((place) => payloadProblem(place, data)).find((each) => each !== null) ?? null;
  return { rejection: null, problem };
}

/** Payloads as a trace finds them: by their stamp alone. */
const PAYLOADS = { read: readingIn, search: readingIn };

function readingIn(data: unknown): Reading | null {
  const stamp = findStamp(data);
  return stamp === null ? null : { stamp, state: 'intact' };
}

/** `event "said" (delivery)`. Hooks wait for events that no field names, so that such an event is as good as named. */
function namedPlaceOf(
  event: string,
  [first]: readonly NamedPlace[],
  isNamed: boolean,
  hasPayload: boolean,
  { hooks }: ReadingRules,
): string {
  const name = `event ${JSON.stringify(foreign(event, 60))}`;
  if (first !== undefined) return `${name} (${first.field})`;
  const mayBeWaitedFor = hooks.opened !== undefined || hooks.leave !== undefined;
  return isNamed || (mayBeWaitedFor && !hasPayload) ? name : `${name}, not named by the target`;
}

function contentOf(
  found: TargetReading['found'],
  complaint: string | null,
  kind: Parameters<OnRead>[0],
  places: readonly NamedPlace[],
  isNamed: boolean,
): string | null {
  if (found !== null) return `payload at ${found.path}`;
  if (complaint !== null || kind === 'reply' || !isNamed) return null;
  const isOther =
    places.length > 0 && places.every(({ field }) => ['answer', 'acknowledge', 'refused'].includes(field));
  return isOther ? null : 'without a payload of sockbench';
}

/** The key of a push and its time, as the target reads them; null for no push. */
function pushIn({ observe }: Mapping, places: readonly NamedPlace[], data: unknown): string | null {
  if (observe === undefined || !places.some(({ field }) => field === 'observe')) return null;
  const { key, sentAt } = observe;
  const parts = [key === undefined ? 'a push to this client' : readPushPart('key', () => String(key(data)))];
  if (sentAt !== undefined) {
    const timeOf = () => new Date(Number(readSentAt(sentAt(data)).wallNs / 1_000_000n)).toISOString();
    parts.push(readPushPart('sentAt', timeOf));
  }
  return parts.join(', ');
}

function readPushPart(name: string, read: () => string): string {
  try {
    return `${name} ${foreign(read(), 60)}`;
  } catch (error) {
    return `${name} threw: ${foreign(messageOf(error))}`;
  }
}

/** Why the target's own function does not find the payload. */
function payloadProblem({ field, payload }: NamedPlace, data: unknown): string | null {
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
