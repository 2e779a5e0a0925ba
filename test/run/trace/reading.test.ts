import { describe, expect, it } from 'vitest';
import { chat, type Mapping } from '../../../src/contract/mapping.ts';
import { Rejected } from '../../../src/contract/replies.ts';
import { textStamp } from '../../../src/measure/stamp.ts';
import { type ReadingRules, readMessage } from '../../../src/run/trace/reading.ts';

const STAMP = { stream: 0, seq: 0, intendedNs: 1000, actualNs: 1001, measured: true };
const PAYLOAD = textStamp(STAMP, 7);
const WARM = textStamp({ ...STAMP, measured: false }, 7);

const MAPPING: Mapping = {
  ...chat,
  delivery: { event: ['said', 'told'] },
  refused: { event: 'no' },
  observe: {
    event: 'price',
    key: (data) => (data as { id: number }).id,
    sentAt: (data) => (data as { at: number }).at,
  },
};

/** Client 0 publishes to itself and to client 1. */
const RULES: ReadingRules = {
  mapping: MAPPING,
  hooks: { answer: { ping: () => null } },
  layout: {
    rooms: [],
    streams: [
      { sender: 0, operation: { kind: 'publish', scope: 'everyone', room: null }, receivers: [0, 1] },
    ],
  },
  replyEvents: new Set(['ok']),
  sentEvents: new Set(['say']),
};

const asEvent = (event: string, data: unknown, by: Partial<ReadingRules> = {}, client = 1) =>
  readMessage({ ...RULES, ...by }, client, ['event', event, data]);
const withDelivery = (payload: (data: unknown) => unknown) => ({
  mapping: { ...MAPPING, delivery: { event: 'said', payload } },
});

describe('the reading of an event', () => {
  it.each<[what: string, event: string, data: unknown, text: string]>([
    [
      'of deliveries',
      'told',
      { a: [PAYLOAD] },
      'event "told" (delivery); payload at data.a[0]; counts for client 1',
    ],
    ['without a payload', 'said', 'hi', 'event "said" (delivery); without a payload of sockbench'],
    [
      'of the warm-up',
      'said',
      WARM,
      'event "said" (delivery); payload at data; does not count: it was not sent now',
    ],
    [
      'that no field names',
      'else',
      { 'a b': PAYLOAD },
      'event "else", not named by the target; payload at data["a b"]; does not count',
    ],
    ['that no field names, without a payload', 'hi', 1, 'event "hi", not named by the target'],
    ['that is answered', 'ping', 1, 'event "ping" (answer)'],
    ['that replies', 'ok', { ok: true }, 'event "ok"; without a payload of sockbench'],
    ['that replies and says no', 'ok', { error: 'full' }, 'event "ok"; says no: full'],
    ['that refuses', 'no', { message: 'not allowed' }, 'event "no" (refused); says no: not allowed'],
    [
      'that is a push',
      'price',
      { id: 3, at: 1_800_000_000_123 },
      'event "price" (observe); key 3, sentAt 2027-01-15T08:00:00.123Z',
    ],
    [
      'that is a push without a time',
      'price',
      { id: 3, at: 'noon' },
      'event "price" (observe); key 3, sentAt threw: sentAt returned "noon"; expected seconds, milliseconds, microseconds or nanoseconds since 1970, ISO 8601 text, or a Date',
    ],
    ['with a name of the server', 'a\u001bb', 1, String.raw`event "a\\x1bb", not named by the target`],
  ])('%s', (_, event, data, text) => {
    expect(asEvent(event, data).text).toBe(text);
  });

  it('says that a client is no receiver', () => {
    expect(asEvent('said', PAYLOAD, {}, 2)).toMatchObject({
      counts: false,
      text: 'event "said" (delivery); payload at data; does not count: client 2 is no receiver',
    });
  });

  it('says what the function of the target does with the payload', () => {
    const { text, problem } = asEvent(
      'said',
      { x: PAYLOAD },
      withDelivery(() => undefined),
    );
    expect(problem).toBe('delivery.payload returns no payload');
    expect(text).toBe('event "said" (delivery); payload at data.x; delivery.payload returns no payload');
    const thrown = asEvent(
      'said',
      'x',
      withDelivery(() => {
        throw new Error('no field x');
      }),
    );
    expect(thrown.problem).toMatch(/^delivery\.payload threw: .*no field x/);
  });

  it('takes no event for unnamed that a hook may wait for', () => {
    const hooks = { opened: () => undefined };
    expect(asEvent('welcome', 1, { hooks }).text).toBe('event "welcome"');
    expect(asEvent('welcome', PAYLOAD, { hooks }).text).toMatch(/not named by the target/);
  });
});

describe('the reading of an acknowledgement', () => {
  const replyTo = (event: string, data: unknown, reply?: NonNullable<Mapping['reply']>) =>
    readMessage({ ...RULES, mapping: { ...MAPPING, ...(reply === undefined ? {} : { reply }) } }, 0, [
      'reply',
      event,
      data,
    ]);

  it('says no where the reply does', () => {
    expect(replyTo('say', { ok: false, reason: 'cool-down' })).toMatchObject({
      rejection: 'cool-down',
      counts: false,
      text: 'acknowledgement; says no: cool-down',
    });
    const rejecting = () => new Rejected('status 7');
    expect(replyTo('say', { status: 7 }, rejecting).rejection).toBe('status 7');
    // The target does not read replies to what joins.
    expect(replyTo('join', { status: 7 }, rejecting).rejection).toBeNull();
  });

  it('has the payload', () => {
    expect(replyTo('say', PAYLOAD)).toMatchObject({
      counts: true,
      text: 'acknowledgement; payload at data; counts for client 0',
    });
  });
});

describe('the reading of a message without an event', () => {
  it.each([
    [null, null, 'the codec finds no event in it'],
    [new Error('bad type'), 'codec.decode threw: bad type', 'codec.decode threw: bad type'],
  ])('%s', (error, problem, text) => {
    expect(readMessage(RULES, 0, ['none', '', error])).toMatchObject({ problem, text, counts: false });
  });
});

describe('the reading of an event for which the server asks for an acknowledgement', () => {
  it.each<[event: string, by: Partial<ReadingRules>, isUnacknowledged: boolean]>([
    ['alive?', {}, true],
    ['alive?', { hooks: { acknowledge: { 'alive?': true } } }, false],
    ['said', {}, true],
    ['said', { mapping: { delivery: { event: 'said', acknowledge: null } } }, false],
    ['hello', {}, false],
  ])('%s (%#)', (event, by, isUnacknowledged) => {
    const reading = readMessage({ ...RULES, ...by }, 1, ['event', event, 1, true]);
    expect(reading.isUnacknowledged).toBe(isUnacknowledged);
    expect(reading.text.includes('the server asks for an acknowledgement')).toBe(isUnacknowledged);
    expect(readMessage({ ...RULES, ...by }, 1, ['event', event, 1]).isUnacknowledged).toBe(false);
  });
});
