/** The fields of a target that map operations to events. */
import { z } from 'zod';
import type { Mapping } from '../contract/mapping.ts';
import {
  ANY_TEXT,
  ANY_VALUE,
  ANYTHING,
  ASKED_REPLY,
  EVENT_OR_REQUEST,
  EVENTS,
  eventually,
  KEY,
  NUMBERED_REPLY,
  ONE_EVENT,
  REASON,
  type ResultCheck,
  TIME,
} from './results.ts';
import { fn } from './user-file.ts';

/** One field of a target: its schema, the checks of its functions, and its documentation. */
export interface TargetField {
  readonly schema: z.ZodType;
  /** What it is, with its unit. */
  readonly about: string;
  /** When its function, or the functions in it, are called, and with what. */
  readonly called?: string;
  /** What happens without it; nothing where it is required or only some scenarios need it. */
  readonly default?: string;
  /** The check of its function, or those of the functions in it by their names: `*` for any. Any value by default. */
  readonly results?: ResultCheck | Readonly<Record<string, ResultCheck>>;
}

const eventNames = z.union(
  [z.string(), z.array(z.string()).nonempty()],
  'expected a name or a list of names',
);
const incoming = z.strictObject({
  event: eventNames,
  payload: fn.optional(),
  acknowledge: z.unknown().optional(),
});
const INCOMING_RESULTS = { payload: ANY_VALUE, acknowledge: ANYTHING } as const;

const PER_MESSAGE = 'For each message';

export const MAPPING_FIELDS = {
  rooms: {
    schema: fn.optional(),
    about: 'The names of the rooms `room-0`, `room-1` and so on, as `join` and `publish` get them.',
    called: 'For each room of a client or of a message: `(number)`, from 0.',
    default: '`room-0`, `room-1` and so on',
    results: ANY_TEXT,
  },
  join: {
    schema: fn.optional(),
    about: 'The events that join rooms, in order.',
    called: 'Once for each client that has rooms, after `opened`: `({ rooms, client })`. May be async.',
    results: eventually(EVENTS),
  },
  publish: {
    schema: fn.optional(),
    about: 'The event, or the HTTP request, that publishes a message.',
    called: `${PER_MESSAGE} that is sent: \`({ payload, scope, room, to, client, id })\`. May be async.`,
    results: eventually(EVENT_OR_REQUEST),
  },
  changesPayload: {
    schema: z.boolean().optional(),
    about: 'Whether the server changes payloads intentionally, behind the timestamp.',
    default: 'false',
  },
  delivery: {
    schema: incoming.extend({ droppable: z.boolean().optional() }).optional(),
    about: 'The event with which a published message arrives, its payload, and its acknowledgement.',
    called: `${PER_MESSAGE} that is received, unless it is like an earlier one: \`payload(data)\`. Where the server asks for an acknowledgement: \`acknowledge(data)\`, which may be async.`,
    results: INCOMING_RESULTS,
  },
  request: {
    schema: fn.optional(),
    about: 'The event that sends a request.',
    called: 'For each request: `({ payload, client, id })`. May be async.',
    results: eventually(ONE_EVENT),
  },
  reply: {
    schema: fn.optional(),
    about:
      'The payload in the reply to a request or a published message; null to accept a reply without it; `new Rejected(reason)`, also thrown, for a reply that says no.',
    called: 'For each reply: `(data, event)`, with the name of the event that was sent.',
    default:
      'the payload is searched in the whole reply; `error`, `errors`, `ok: false` and `success: false` are rejections',
  },
  refused: {
    schema: z.strictObject({ event: eventNames, reason: fn.optional(), payload: fn.optional() }).optional(),
    about: 'The event with which the server refuses a message of the client that receives it.',
    called:
      'For each such event: `reason(data)`, null for one that refuses nothing; `payload(data)` for the payload of the refused message.',
    default: 'the server refuses by replies only',
    results: { reason: REASON, payload: ANY_VALUE },
  },
  echo: {
    schema: fn.optional(),
    about: 'The event that the server sends back.',
    called: `${PER_MESSAGE} that is sent: \`({ payload, client, id })\`. May be async.`,
    results: eventually(ONE_EVENT),
  },
  echoed: {
    schema: incoming.optional(),
    about: 'The event with which an echo arrives, its payload, and its acknowledgement.',
    called: 'For each echo: `payload(data)`, and `acknowledge(data)` as for `delivery`.',
    results: INCOMING_RESULTS,
  },
  streamRequest: {
    schema: fn.optional(),
    about: 'The event that requests `count` replies.',
    called: 'For each request: `({ payload, count, client })`. May be async.',
    results: eventually(ONE_EVENT),
  },
  streamed: {
    schema: z.strictObject({ event: z.string(), read: fn }).optional(),
    about: 'The event with which each of these replies arrives, its number from 1 and its payload.',
    called: 'For each reply: `read(data)`.',
    results: { read: NUMBERED_REPLY },
  },
  askMe: {
    schema: fn.optional(),
    about: 'The event that makes the server ask the client.',
    called: 'For each request: `({ payload, client, id })`. May be async.',
    results: eventually(ONE_EVENT),
  },
  asked: {
    schema: z.strictObject({ event: z.string(), read: fn }).optional(),
    about: 'The event with which the server asks, and its report: the time of the answer in nanoseconds.',
    called: 'For each report of the server: `read(reply)`.',
    results: { read: ASKED_REPLY },
  },
  observe: {
    schema: z.strictObject({ event: eventNames, key: fn.optional(), sentAt: fn.optional() }).optional(),
    about:
      'The event that the server pushes on its own, what identifies a push to all clients (without `key`, each event is a push to one client), and when the server sent it: seconds to nanoseconds since 1970, ISO 8601 text or a Date.',
    called: 'For each event: `key(data)`, `sentAt(data)`.',
    results: { key: KEY, sentAt: TIME },
  },
  node: {
    schema: fn.optional(),
    about: 'The event whose acknowledgement is the number of the server process.',
    called: 'Once for each client, when it is connected. May be async.',
    results: eventually(ONE_EVENT),
  },
} as const satisfies Record<keyof Mapping, TargetField>;
