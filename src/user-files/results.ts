import { inspect } from 'node:util';
import { foreign } from '../foreign.ts';

/** Says what a function must return when its result is not that; null when it is. It may throw, as a proxy does. */
export type ResultCheck = (result: unknown) => string | null;

/** Checks for functions, by their name in the definition: `codec.encode`. `*` stands for any name in the middle. */
export type ResultChecks = Readonly<Record<string, ResultCheck>>;

type Fields = Readonly<Record<string, unknown>>;

const isFieldsObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a function was async. What it throws later is of no use, and must not end the process. */
function isPromise(value: unknown): boolean {
  if (!isFieldsObject(value) || typeof value['then'] !== 'function') return false;
  if (value instanceof Promise) value.catch(() => {});
  return true;
}

/** Returns a check by a predicate; the result must be no promise either. */
function must(isFitting: (result: unknown) => boolean, expected: string): ResultCheck {
  return (result) => {
    if (isPromise(result)) return `${expected}, and the function must not be async`;
    return isFitting(result) ? null : expected;
  };
}

function isOutgoingEvent(value: unknown): boolean {
  if (!isFieldsObject(value) || typeof value['event'] !== 'string' || value['event'] === '') return false;
  const { reply } = value;
  if (reply === undefined || reply === 'acknowledgement' || reply === 'none') return true;
  return isFieldsObject(reply) && typeof reply['event'] === 'string';
}

function isOutgoingRequest(value: unknown): boolean {
  if (!isFieldsObject(value) || typeof value['url'] !== 'string') return false;
  const { method, headers } = value;
  return (
    (method === undefined || typeof method === 'string') && (headers === undefined || isFieldsObject(headers))
  );
}

const holdsText = (value: unknown): boolean =>
  isFieldsObject(value) && Object.values(value).every((each) => typeof each === 'string');

const AN_EVENT = '{ event: NAME, data, reply }';
const event = must(isOutgoingEvent, AN_EVENT);

/** Any result but a promise. */
export const anyValue = must(() => true, 'the value itself');
/** Any result, also a promise. */
const unchecked: ResultCheck = () => null;

/** What the functions of a target must return. Most are called for each message, so that these checks are cheap. */
export const TARGET_RESULTS: ResultChecks = {
  clients: must(isFieldsObject, 'an object with the values of the client'),
  auth: must(isFieldsObject, 'an object'),
  headers: must(holdsText, 'an object with text in its fields'),
  query: must(holdsText, 'an object with text in its fields'),
  'codec.encode': must(
    (result) => typeof result === 'string' || result instanceof Uint8Array,
    'text or a Uint8Array',
  ),
  'codec.decode': must(
    (result) => result === null || isFieldsObject(result),
    '{ event: NAME, data }, or null for a message that is no event',
  ),
  join: must(
    (result) => isOutgoingEvent(result) || (Array.isArray(result) && result.every(isOutgoingEvent)),
    `${AN_EVENT}, or a list of these`,
  ),
  publish: must(
    (result) => isOutgoingEvent(result) || isOutgoingRequest(result),
    `${AN_EVENT}; or { url, method, headers, body }`,
  ),
  request: event,
  echo: event,
  streamRequest: event,
  askMe: event,
  node: event,
  'streamed.read': must(
    (result) => isFieldsObject(result) && typeof result['item'] === 'number',
    '{ item: NUMBER, payload }',
  ),
  'asked.read': must(
    (result) => result === null || (isFieldsObject(result) && typeof result['roundTripNs'] === 'number'),
    '{ answer, roundTripNs: NUMBER } or null',
  ),
  'observe.key': must(
    (result) => typeof result === 'string' || typeof result === 'number',
    'text or a number',
  ),
};

/** What the functions of a scenario must return. The layout is checked with the plan. */
export const SCENARIO_RESULTS: ResultChecks = {
  steps: unchecked,
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
