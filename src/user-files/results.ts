/** Checks of what the functions of a user's file return. */
import { inspect } from 'node:util';
import { foreign } from '../foreign.ts';
import { nearest } from '../text.ts';

/** What a function must return. */
export interface ResultCheck {
  /** Decides about a result, or about what its promise resolves to. It may throw, as a proxy does. */
  readonly isFitting: (result: unknown) => boolean;
  /** What it must return, for an error: `an object`. */
  readonly expected: string;
  /** What is wrong with a result that does not fit, behind the result: ` with the unknown field dta`; empty by default. */
  readonly fault?: (result: unknown) => string;
  /** Whether it may be async. A function that is called for each message may not. */
  readonly mayWait: boolean;
  /** The checks of the functions of the object that it returns, by their names. */
  readonly parts?: Readonly<Record<string, ResultCheck>>;
}

/**
 * Checks for functions, by the path of each in the definition: `codec.encode`. A `*` stands for any name at its place:
 * `answer.*`.
 */
export type ResultChecks = Readonly<Record<string, ResultCheck>>;

type Fields = Readonly<Record<string, unknown>>;

export const isFieldsObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isFieldsObject(value) && typeof value['then'] === 'function';
}

/** A function whose result fits; it must not be async. */
export function must(
  isFitting: (result: unknown) => boolean,
  expected: string,
  fault = (_: unknown) => '',
): ResultCheck {
  return { isFitting, expected, fault, mayWait: false };
}

/** As {@link must}, for a function that may be async. */
export function eventually({ isFitting, expected, fault }: ResultCheck): ResultCheck {
  return { ...must(isFitting, expected, fault), mayWait: true };
}

/** The check of a function in the definition; any result but a promise where there is none for its path. */
export function checkOf(checks: ResultChecks, path: readonly string[]): ResultCheck {
  const pattern = Object.keys(checks).find((each) => {
    const names = each.split('.');
    return names.length === path.length && names.every((name, at) => name === '*' || name === path[at]);
  });
  return (pattern === undefined ? undefined : checks[pattern]) ?? ANY_VALUE;
}

/** The fields of what functions return; another one is misspelt. */
const SENT_FIELDS = {
  event: ['event', 'data', 'reply'],
  request: ['url', 'method', 'headers', 'body'],
  reply: ['event', 'id'],
} as const satisfies Record<string, readonly string[]>;

/** The first field of an object that is not among the known ones; null where all are known. */
function unknownField(value: Fields, known: readonly string[]): string | null {
  for (const name in value) if (!known.includes(name)) return name;
  return null;
}

/** ` with the unknown field dta (did you mean data?)`: the first misspelt field of an event or a request, or of a list. */
function unknownFieldFault(value: unknown): string {
  for (const each of [value].flat()) {
    if (!isFieldsObject(each)) continue;
    const known = 'url' in each ? SENT_FIELDS.request : SENT_FIELDS.event;
    const { reply } = each;
    const places = [
      [each, known, ''] as const,
      [isFieldsObject(reply) ? reply : {}, SENT_FIELDS.reply, 'reply.'] as const,
    ];
    for (const [fields, names, place] of places) {
      const name = unknownField(fields, names);
      if (name === null) continue;
      const meant = nearest(name, names);
      const hint = meant === null ? '' : ` (did you mean ${meant}?)`;
      return ` with the unknown field ${place}${foreign(name, 60)}${hint}`;
    }
  }
  return '';
}

function isOutgoingEvent(value: unknown): boolean {
  if (!isFieldsObject(value) || typeof value['event'] !== 'string' || value['event'] === '') return false;
  if (unknownField(value, SENT_FIELDS.event) !== null) return false;
  const { reply } = value;
  if (reply === undefined || reply === 'acknowledgement' || reply === 'none') return true;
  if (!isFieldsObject(reply) || typeof reply['event'] !== 'string') return false;
  if (unknownField(reply, SENT_FIELDS.reply) !== null) return false;
  return reply['id'] === undefined || typeof reply['id'] === 'function';
}

function isOutgoingRequest(value: unknown): boolean {
  if (!isFieldsObject(value) || typeof value['url'] !== 'string') return false;
  if (unknownField(value, SENT_FIELDS.request) !== null) return false;
  const { method, headers } = value;
  return (
    (method === undefined || typeof method === 'string') && (headers === undefined || isFieldsObject(headers))
  );
}

const isAText = (value: unknown): value is string => typeof value === 'string';

const AN_EVENT = '{ event: NAME, data, reply }';

export const ANY_VALUE = must(() => true, 'the value itself');
/** Classes, which are left as they are. */
export const CLASSES = must(() => true, 'classes');
/** Any result, also a promise. */
export const ANYTHING = eventually(ANY_VALUE);
export const ANY_TEXT = must(isAText, 'text');
export const FIELDS = must(isFieldsObject, 'an object');
export const CLIENT_VALUES = must(isFieldsObject, 'an object with the values of the client');
export const PREPARED_VALUES = must(
  (value) => value === undefined || isFieldsObject(value),
  'an object with values of the client, or nothing',
);
export const TEXT_FIELDS = must(
  (value) => isFieldsObject(value) && Object.values(value).every(isAText),
  'an object with text in its fields',
);

const isFrame = (value: unknown): boolean => isAText(value) || value instanceof Uint8Array;
const FRAMES = must(
  (value) => isFrame(value) || (Array.isArray(value) && value.every(isFrame)),
  'text or a Uint8Array, or a list of these',
);

const isNumberOrText = (value: unknown): boolean => isAText(value) || typeof value === 'number';

function isDecodedEvent(value: unknown): boolean {
  if (!isFieldsObject(value)) return false;
  const { event, id, ack } = value;
  const isNumbered = [id, ack].every((each) => each === undefined || isNumberOrText(each));
  return isNumbered && (ack === undefined ? isAText(event) : event === undefined || isAText(event));
}

const DECODED_EVENTS = must(
  (value) => value === null || isDecodedEvent(value) || (Array.isArray(value) && value.every(isDecodedEvent)),
  '{ event: NAME, data, id, ack }, a list of these, or null for a message without an event',
);

/** What the functions of a codec must return. */
export const CODEC_PARTS = { encode: FRAMES, decode: DECODED_EVENTS } as const;

export function isCodec(value: unknown): boolean {
  return isFieldsObject(value) && Object.keys(CODEC_PARTS).every((name) => typeof value[name] === 'function');
}

/** A function that makes the codec of a connection. */
export const CODEC_RESULT: ResultCheck = {
  ...must(isCodec, 'a codec: { encode, decode }'),
  parts: CODEC_PARTS,
};

/** A token of RFC 9110, which a subprotocol is. */
const SUBPROTOCOL = /^[!#$%&'*+\-.^_`|~\w]+$/;
export const isSubprotocol = (value: unknown): boolean => isAText(value) && SUBPROTOCOL.test(value);
export const SUBPROTOCOLS = must((value) => {
  if (!Array.isArray(value)) return isSubprotocol(value);
  return value.every(isSubprotocol) && new Set(value).size === value.length;
}, 'the name of a subprotocol without spaces, or a list of different ones');

const isNamespace = (value: unknown): boolean => isAText(value) && value !== '' && !/[,?#\s]/.test(value);
export const NAMESPACES = must((value) => {
  const given = Array.isArray(value) ? value : isFieldsObject(value) ? Object.values(value) : [];
  return given.length > 0 && given.every(isNamespace) && new Set(given.map(withSlash)).size === given.length;
}, 'a list of different namespaces, or an object with namespaces by their names');

/** `chat` and `/chat` are the same namespace. */
export function withSlash(namespace: string): string {
  return namespace.startsWith('/') ? namespace : `/${namespace}`;
}
export const ONE_EVENT = must(isOutgoingEvent, AN_EVENT, unknownFieldFault);
export const EVENTS = must(
  (value) => isOutgoingEvent(value) || (Array.isArray(value) && value.every(isOutgoingEvent)),
  `${AN_EVENT}, or a list of these`,
  unknownFieldFault,
);
export const EVENTS_OR_NULL = must(
  (value) => value === null || EVENTS.isFitting(value),
  `${EVENTS.expected}, or null to send nothing`,
  unknownFieldFault,
);
export const ANSWER_EVENTS = must(
  EVENTS_OR_NULL.isFitting,
  `${EVENTS_OR_NULL.expected}. The field acknowledge sends acknowledgements`,
  unknownFieldFault,
);
export const EVENT_OR_REQUEST = must(
  (value) => isOutgoingEvent(value) || isOutgoingRequest(value),
  `${AN_EVENT}; or { url, method, headers, body }`,
  unknownFieldFault,
);
export const NUMBERED_REPLY = must(
  (value) => isFieldsObject(value) && typeof value['item'] === 'number',
  '{ item: NUMBER, payload }',
);
export const ASKED_REPLY = must(
  (value) => value === null || (isFieldsObject(value) && typeof value['roundTripNs'] === 'number'),
  '{ answer, roundTripNs: NUMBER } or null',
);
export const REASON = must(
  (value) => value === null || value === undefined || isAText(value),
  'text, or null for an event that refuses nothing',
);
export const TIME = must(
  (value) => isAText(value) || ['number', 'bigint'].includes(typeof value) || value instanceof Date,
  'a number, ISO 8601 text or a Date',
);
export const KEY = must(isNumberOrText, 'text or a number');

/** What the functions of a scenario must return. The layout is checked with the plan. */
export const SCENARIO_RESULTS: ResultChecks = {
  steps: ANYTHING,
  'options.*.parse': must(
    (result) => result === null || ['string', 'number', 'boolean'].includes(typeof result),
    'text, a number, true, false or null',
  ),
};

/** A value in a message: `null`, `'text'`, `{ event: 5 }`. */
export function shownValue(value: unknown): string {
  const limits = { depth: 1, maxStringLength: 40, maxArrayLength: 3 };
  return foreign(
    inspect(value, { ...limits, breakLength: Number.POSITIVE_INFINITY, customInspect: false }),
    100,
  );
}
