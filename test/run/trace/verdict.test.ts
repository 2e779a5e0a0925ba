import { describe, expect, it } from 'vitest';
import { chat } from '../../../src/contract/mapping.ts';
import type { Stream } from '../../../src/contract/scenario.ts';
import { UNACKNOWLEDGED } from '../../../src/generator/operations/publish.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import type { TracedRun } from '../../../src/run/trace/missing.ts';
import type { TargetReading } from '../../../src/run/trace/reading.ts';
import { judgeTrace } from '../../../src/run/trace/verdict.ts';
import { makeResult } from '../../report/fixture.ts';

const RESULT = makeResult({ clients: 2, rateHz: 1, seconds: 1 });
const PUBLISH: Stream = {
  sender: 0,
  operation: { kind: 'publish', scope: 'everyone', room: null },
  receivers: [0, 1],
};
const REQUEST: Stream = { sender: 0, operation: { kind: 'request' }, receivers: [0] };
const STEPS: Stream = { sender: 0, operation: { kind: 'steps' }, receivers: [] };
const RECEIVED: RunResult['received'] = {
  events: [{ reason: 'welcome', count: 2 }],
  acknowledgements: 0,
  unreadable: 0,
  undecoded: [],
  expected: ['receive_message'],
  serverOutput: ['up'],
};

interface Traced extends Partial<Omit<TracedRun, 'result' | 'layout'>> {
  readonly streams?: readonly Stream[];
  /** The clients that did not get the message of stream 0. */
  readonly lost?: readonly number[];
  readonly result?: Partial<RunResult>;
}

/** A run that sent one message of each stream. */
function judge({ streams = [PUBLISH], lost = [], result = {}, ...more }: Traced) {
  const account = { stream: 0, sender: 0, expected: 1, delivered: 0, lost: 1 };
  const rest = { late: 0, missed: 0, duplicated: 0, reordered: 0, corrupted: 0 };
  const anomalies = lost.map((receiver) => ({ ...account, ...rest, receiver }));
  return judgeTrace({
    result: { ...RESULT, ...result, ledger: { ...RESULT.ledger, ...result.ledger, anomalies } },
    layout: { rooms: [], streams },
    mapping: chat,
    readings: [],
    sent: streams.map((_, stream) => ({ stream, sent: 1, rejected: 0 })),
    ...more,
  });
}

const READING: TargetReading = {
  client: 1,
  kind: 'event',
  event: 'receive_message',
  isNamed: true,
  found: null,
  problem: null,
  rejection: null,
  isUnacknowledged: false,
  counts: false,
  text: '',
};
const STAMP = { stream: 0, seq: 0, intendedNs: 0, actualNs: 0, measured: true };
const FOUND = { stamp: STAMP, path: 'data.x' };

describe('a target that measures', () => {
  it.each<[traced: Traced, worked: readonly string[]]>([
    [{}, ['1 message was published and delivered to 2 clients']],
    [
      { streams: [PUBLISH, PUBLISH, REQUEST] },
      ['2 messages were published and delivered to 2 clients each', '1 request was answered'],
    ],
    [
      { streams: [{ ...REQUEST, operation: { kind: 'stream-reply', replies: 2 } }] },
      ['1 streamed request was answered by 2 replies'],
    ],
    [
      { streams: [STEPS], result: { samples: { unit: 'iteration', count: 2, incomplete: 0 } } },
      ['2 iterations measured'],
    ],
  ])('%#', (traced, worked) => {
    expect(judge(traced)).toEqual({ measures: true, worked, problem: null, next: null });
  });

  it.each([
    [
      'alive?',
      /acknowledgement of "alive\?".* Add acknowledge: \{ "alive\?": VALUE \} to the target file\.$/,
    ],
    ['receive_message', / Add delivery: \{ acknowledge: VALUE \} to the target file\.$/],
  ])('names the event %s that it does not acknowledge', (event, next) => {
    const readings = [{ ...READING, event, isUnacknowledged: true }];
    expect(judge({ readings })).toMatchObject({ measures: true, problem: null });
    expect(judge({ readings }).next).toMatch(next);
    const invalid = [{ code: 'clients_lost', message: 'dropped' } as const];
    expect(judge({ readings, result: { invalid } })).toMatchObject({ measures: false, problem: 'dropped' });
    expect(judge({ readings, result: { invalid } }).next).toMatch(next);
  });

  it('may have a server that drops some messages, and not all', () => {
    const plan = { ...RESULT.plan, target: { ...RESULT.plan.target, droppable: true } };
    const readings = [{ ...READING, found: FOUND, counts: true }];
    expect(judge({ result: { plan }, readings })).toMatchObject({
      measures: true,
      worked: [
        '1 message was published and delivered to 1 of 2 clients; the server dropped the others, as droppable allows',
      ],
    });
    expect(judge({ result: { plan } })).toMatchObject({ measures: false, worked: [] });
  });
});

describe('a target that does not measure', () => {
  it.each<[what: string, traced: Traced, problem: RegExp, next: RegExp]>([
    [
      'the server rejects the message',
      {
        sent: [{ stream: 0, sent: 1, rejected: 1 }],
        result: { rejected: [{ reason: 'muted', count: 1 }] },
      },
      /^the server rejected the message: muted$/,
      /^Let the client log in or join first/,
    ],
    [
      'the payload comes in another event',
      { lost: [0, 1], readings: [{ ...READING, event: 'said', isNamed: false, found: FOUND }] },
      /^the payload came in the event "said", at data\.x; delivery names receive_message$/,
      /^Set delivery: \{ event: "said" \}/,
    ],
    [
      'a request is answered by an event',
      {
        streams: [REQUEST],
        lost: [0],
        readings: [{ ...READING, event: 'pong', isNamed: false, found: FOUND }],
      },
      /^the reply came as the event "pong", with the payload at data\.x; an acknowledgement is expected$/,
      /^Add reply: \{ event: "pong" \} to what request returns/,
    ],
    [
      'the function of the target finds no payload',
      { lost: [0, 1], readings: [{ ...READING, found: FOUND, problem: 'delivery.payload threw: x' }] },
      /^delivery\.payload threw: x for the event receive_message: the payload is at data\.x$/,
      /^Correct delivery\.payload/,
    ],
    [
      'the payload is cut',
      { lost: [0, 1], result: { ledger: { ...RESULT.ledger, corrupted: 2 } } },
      /another length or content/,
      /changesPayload/,
    ],
    [
      'the codec throws',
      { lost: [0, 1], readings: [{ ...READING, kind: 'none', problem: 'codec.decode threw: bad' }] },
      /^codec\.decode threw: bad$/,
      /^Correct codec\.decode/,
    ],
    [
      'the message cannot be sent',
      { lost: [0, 1], result: { failed: [{ reason: 'publish threw: no room', count: 1 }] } },
      /^publish threw: no room$/,
      /^Correct publish/,
    ],
    [
      'the server leaves out the sender',
      { lost: [0] },
      /^the sender did not get its own message/,
      /^Give --exclude-sender/,
    ],
    [
      'deliveries lack the payload',
      { lost: [0, 1], readings: [READING] },
      /^the event receive_message arrived without the payload/,
      /^Put payload where/,
    ],
    [
      'the server says no to something else',
      { lost: [0, 1], readings: [{ ...READING, kind: 'reply', event: '', rejection: 'room is full' }] },
      /^the message did not reach 2 of 2 clients; the server says no: room is full$/,
      /^Correct what the server refuses/,
    ],
    [
      'other events arrive',
      { lost: [0, 1], result: { received: RECEIVED } },
      /^the message did not reach 2 of 2 clients; events received: welcome 2; expected: receive_message; last output of the server: up$/,
      /^Compare the frames that client 0 sent/,
    ],
    [
      'a request is not answered',
      { streams: [PUBLISH, REQUEST], sent: [{ stream: 0, sent: 1, rejected: 0 }] },
      /^the request was not answered$/,
      /how it answers \(reply\)/,
    ],
    [
      'a message is not acknowledged',
      { result: { failed: [{ reason: UNACKNOWLEDGED, count: 1 }] } },
      /^a published message was not acknowledged$/,
      /^Let the server acknowledge it, or remove reply/,
    ],
    [
      'an iteration fails',
      {
        streams: [STEPS],
        result: { failed: [{ reason: 'no event ready within 10 s', count: 1 }], received: RECEIVED },
      },
      /^an iteration was not completed: no event ready within 10 s; events received: welcome 2/,
      /^Compare the frames with the steps/,
    ],
    [
      'messages arrive twice',
      { result: { ledger: { ...RESULT.ledger, duplicated: 2 } } },
      /^2 copies too many arrived/,
      /joins a room once/,
    ],
    [
      'messages arrive at others',
      {
        result: {
          ledger: { ...RESULT.ledger, unexpected: 1 },
          unexpected: [{ reason: 'not sent to this client', count: 1 }],
        },
      },
      /^1 message arrived that should not: not sent to this client$/,
      /^Check whom/,
    ],
    [
      'no push arrives',
      {
        streams: [],
        sent: [],
        result: { samples: { unit: 'push', count: 0, incomplete: 0 }, received: RECEIVED },
      },
      /^no push arrived; events received: welcome 2/,
      /^Set observe/,
    ],
    [
      'a function of observe throws',
      {
        streams: [],
        sent: [],
        result: {
          samples: { unit: 'push', count: 0, incomplete: 0 },
          failed: [{ reason: 'key of undefined', count: 4 }],
        },
      },
      /^key of undefined$/,
      /^Correct observe/,
    ],
  ])('because %s', (_, traced, problem, next) => {
    const verdict = judge(traced);
    expect(verdict.measures).toBe(false);
    expect(verdict.problem).toMatch(problem);
    expect(verdict.next).toMatch(next);
  });

  it.each<[string, Partial<RunResult>, RegExp, RegExp]>([
    [
      'the server crashed',
      {
        status: 'partial',
        invalid: [
          { code: 'server_died', message: 'the server ended: Error: x' },
          { code: 'clients_lost', message: 'dropped' },
        ],
      },
      /^the server ended: Error: x$/,
      /its output is above/,
    ],
    [
      'the sender was dropped meanwhile',
      {
        invalid: [
          { code: 'sender_lost', message: '0 of 1 message sent' },
          { code: 'clients_lost', message: 'closed with 4001' },
        ],
      },
      /^closed with 4001$/,
      /last frames of that client/,
    ],
  ])('because %s, whatever did not arrive', (_, result, problem, next) => {
    const verdict = judge({ streams: [PUBLISH, REQUEST], lost: [0, 1], result, sent: [] });
    expect(verdict).toMatchObject({ measures: false, worked: [] });
    expect(verdict.problem).toMatch(problem);
    expect(verdict.next).toMatch(next);
  });
});
