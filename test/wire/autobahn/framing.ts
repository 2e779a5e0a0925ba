import { OPCODE } from '../../../src/wire/rfc6455/frame.ts';
import {
  binary,
  close,
  closePayload,
  FIN_BIT,
  fragments,
  partsOf,
  ping,
  pong,
  serverFrame,
  text,
} from '../support/frames.ts';
import { type Case, echo, PROTOCOL_ERROR, ponged } from './case.ts';

const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536];
const HELLO = 'Hello, world!';

/** 1: framing. */
const FRAMING: readonly Case[] = (['text', 'binary'] as const).flatMap((kind, index) => {
  const frame = { text, binary }[kind];
  const fill = kind === 'text' ? '*' : 0xfe;
  const cases = SIZES.map((size, at): Case => {
    const payload = Buffer.alloc(size, fill);
    return {
      id: `1.${index + 1}.${at + 1}`,
      what: `${kind} of ${size} bytes`,
      sends: [frame(payload)],
      answers: [echo(kind, payload)],
    };
  });
  const payload = Buffer.alloc(65_536, fill);
  return [
    ...cases,
    {
      id: `1.${index + 1}.8`,
      what: `${kind} of 65536 bytes in chops of 997`,
      sends: partsOf(frame(payload), 997),
      answers: [echo(kind, payload)],
    },
  ];
});

const BYTES_125 = Buffer.alloc(125, 0xfe);
const TEN = Array.from({ length: 10 }, (_, index) => `payload-${index}`);

/** 2: pings and pongs. */
const PINGS: readonly Case[] = [
  { id: '2.1', what: 'a ping without payload', sends: [ping()], answers: [ponged()] },
  { id: '2.2', what: 'a ping with text', sends: [ping(HELLO)], answers: [ponged(HELLO)] },
  {
    id: '2.3',
    what: 'a ping with bytes that are not UTF-8',
    sends: [ping(Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff]))],
    answers: [ponged(Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff]))],
  },
  { id: '2.4', what: 'a ping of 125 bytes', sends: [ping(BYTES_125)], answers: [ponged(BYTES_125)] },
  {
    id: '2.5',
    what: 'a ping of 126 bytes',
    sends: [ping(Buffer.alloc(126, 0xfe))],
    answers: [],
    ends: PROTOCOL_ERROR,
  },
  {
    id: '2.6',
    what: 'a ping of 125 bytes',
    sends: partsOf(ping(BYTES_125), 1),
    answers: [ponged(BYTES_125)],
  },
  { id: '2.7', what: 'an unsolicited pong without payload', sends: [pong()], answers: [] },
  { id: '2.8', what: 'an unsolicited pong with payload', sends: [pong('unsolicited')], answers: [] },
  {
    id: '2.9',
    what: 'an unsolicited pong, then a ping',
    sends: [pong('unsolicited'), ping('ping payload')],
    answers: [ponged('ping payload')],
  },
  { id: '2.10', what: '10 pings', sends: TEN.map((data) => ping(data)), answers: TEN.map(ponged) },
  {
    id: '2.11',
    what: '10 pings, octet by octet',
    sends: TEN.flatMap((data) => partsOf(ping(data), 1)),
    answers: TEN.map(ponged),
  },
];

const first = (rsv: number, opcode: number) => FIN_BIT | (rsv << 4) | opcode;

/** 3: reserved bits. */
const RESERVED: readonly Case[] = [
  ['3.1', 'RSV 1 in a text', [serverFrame(first(1, OPCODE.text), HELLO)], []],
  [
    '3.2',
    'a text, then RSV 2, then a ping',
    [text(HELLO), serverFrame(first(2, OPCODE.text), HELLO), ping()],
    [HELLO],
  ],
  [
    '3.3',
    'a text, then RSV 3, then a ping, in one write',
    [Buffer.concat([text(HELLO), serverFrame(first(3, OPCODE.text), HELLO), ping()])],
    [HELLO],
  ],
  [
    '3.4',
    'a text, then RSV 4, then a ping, octet by octet',
    partsOf(Buffer.concat([text(HELLO), serverFrame(first(4, OPCODE.text), HELLO), ping()]), 1),
    [HELLO],
  ],
  ['3.5', 'RSV 5 in a binary message', [serverFrame(first(5, OPCODE.binary), BYTES_125)], []],
  ['3.6', 'RSV 6 in a ping', [serverFrame(first(6, OPCODE.ping), HELLO)], []],
  ['3.7', 'RSV 7 in a close frame', [serverFrame(first(7, OPCODE.close), closePayload(1000))], []],
].map(([id, what, sends, echoed]) => ({
  id: String(id),
  what: String(what),
  sends: sends as Buffer[],
  answers: (echoed as string[]).map((payload) => echo('text', payload)),
  ends: PROTOCOL_ERROR,
}));

/** 4: opcodes. Each group of five: without payload, with payload, after a text, before a ping, octet by octet. */
const OPCODES: readonly Case[] = [
  [3, 4, 5, 6, 7],
  [11, 12, 13, 14, 15],
].flatMap((opcodes, group) =>
  opcodes.map((opcode, at): Case => {
    const bad = serverFrame(FIN_BIT | opcode, at === 0 ? '' : HELLO);
    const after = [text(HELLO), bad, ping()];
    return {
      id: `4.${group + 1}.${at + 1}`,
      what: `reserved opcode ${opcode}`,
      sends:
        at < 2
          ? [bad]
          : at === 3
            ? [Buffer.concat(after)]
            : at === 4
              ? partsOf(Buffer.concat(after), 1)
              : after,
      answers: at < 2 ? [] : [echo('text', HELLO)],
      ends: PROTOCOL_ERROR,
    };
  }),
);

const PARTS = ['fragment1', 'fragment2'];
const WHOLE = PARTS.join('');
const [BEGINNING, END] = fragments('text', PARTS) as [Buffer, Buffer];
const continuation = (fin: 0 | 0x80, payload = 'fragment') => serverFrame(fin | OPCODE.continuation, payload);
const START = serverFrame(OPCODE.text, 'fragment1');
const FIVE = Array.from({ length: 5 }, (_, index) => `fragment${index + 1}`);
const [F1, F2, F3, F4, F5] = fragments('text', FIVE) as [Buffer, Buffer, Buffer, Buffer, Buffer];
const PING_AMONG = [BEGINNING, ping('between'), END];
const PINGS_AMONG = [F1, F2, ping('ping1'), F3, F4, ping('ping2'), F5];
const octets = (frames: readonly Buffer[]) => partsOf(Buffer.concat(frames), 1);
const together = (frames: readonly Buffer[]) => [Buffer.concat(frames)];

/** What a server sends in cases that come thrice: frame by frame, in one write, octet by octet. */
function thrice(
  from: number,
  what: string,
  frames: readonly Buffer[],
  rest: Omit<Case, 'id' | 'what' | 'sends'>,
) {
  return [frames, together(frames), octets(frames)].map(
    (sends, at): Case => ({
      id: `5.${from + at}`,
      what,
      sends,
      ...rest,
    }),
  );
}

const BROKEN = { answers: [], ends: PROTOCOL_ERROR };

/** 5: fragmentation. */
const FRAGMENTATION: readonly Case[] = [
  {
    id: '5.1',
    what: 'a ping in two fragments',
    sends: [serverFrame(OPCODE.ping, 'a'), continuation(0x80)],
    ...BROKEN,
  },
  {
    id: '5.2',
    what: 'a pong in two fragments',
    sends: [serverFrame(OPCODE.pong, 'a'), continuation(0x80)],
    ...BROKEN,
  },
  ...thrice(3, 'a text in two fragments', [BEGINNING, END], { answers: [echo('text', WHOLE)] }),
  ...thrice(6, 'a text in two fragments, with a ping between', PING_AMONG, {
    answers: [ponged('between'), echo('text', WHOLE)],
  }),
  ...thrice(9, 'a continuation with FIN of nothing, then a text', [continuation(0x80), text(HELLO)], BROKEN),
  ...thrice(12, 'a continuation without FIN of nothing, then a text', [continuation(0), text(HELLO)], BROKEN),
  {
    id: '5.15',
    what: 'a text in two fragments, then a continuation of nothing, then a text',
    sends: [BEGINNING, END, continuation(0), text(HELLO)],
    answers: [echo('text', WHOLE)],
    ends: PROTOCOL_ERROR,
  },
  {
    id: '5.16',
    what: 'a continuation without FIN of nothing, then a text in two fragments, twice',
    sends: [continuation(0), START, continuation(0x80), continuation(0), START, continuation(0x80)],
    ...BROKEN,
  },
  {
    id: '5.17',
    what: 'a continuation with FIN of nothing, then a text in two fragments, twice',
    sends: [continuation(0x80), START, continuation(0x80), continuation(0x80), START, continuation(0x80)],
    ...BROKEN,
  },
  {
    id: '5.18',
    what: 'a text in two frames that both begin one',
    sends: [START, text('fragment2')],
    ...BROKEN,
  },
  {
    id: '5.19',
    what: 'a text in five fragments with two pings',
    sends: PINGS_AMONG,
    answers: [ponged('ping1'), ponged('ping2'), echo('text', FIVE.join(''))],
  },
  {
    id: '5.20',
    what: 'a text in five fragments with two pings, octet by octet',
    sends: octets(PINGS_AMONG),
    answers: [ponged('ping1'), ponged('ping2'), echo('text', FIVE.join(''))],
  },
];

const LARGE = Buffer.alloc(256 * 1024, '*');
const REASON_123 = '*'.repeat(123);

const closing = (
  id: string,
  what: string,
  sends: readonly Buffer[],
  ends: string,
  answers: string[] = [],
): Case => ({
  id,
  what,
  sends,
  answers,
  ends,
});
const NORMAL = 'close 1000';

/** 7: closing. Nothing that follows a close frame is read. */
const CLOSING: readonly Case[] = [
  closing('7.1.1', 'a text, then a close', [text(HELLO), close(1000)], NORMAL, [echo('text', HELLO)]),
  closing('7.1.2', 'two closes', [close(1000), close(1000)], NORMAL),
  closing('7.1.3', 'a close, then a ping', [close(1000), ping()], NORMAL),
  closing('7.1.4', 'a close, then a text', [close(1000), text(HELLO)], NORMAL),
  closing('7.1.5', 'a close within a fragmented text', [START, close(1000), continuation(0x80)], NORMAL),
  closing(
    '7.1.6',
    '256 KiB, then a close, then a ping',
    [text(LARGE), text(HELLO), close(1000), ping()],
    NORMAL,
    [echo('text', LARGE), echo('text', HELLO)],
  ),
  closing('7.3.1', 'a close without payload', [serverFrame(FIN_BIT | OPCODE.close)], 'close'),
  closing('7.3.2', 'a close of one byte', [serverFrame(FIN_BIT | OPCODE.close, 'a')], PROTOCOL_ERROR),
  closing('7.3.3', 'a close with a code', [close(1000)], NORMAL),
  closing('7.3.4', 'a close with a reason', [close(1000, HELLO)], NORMAL),
  closing('7.3.5', 'a close with a reason of 123 bytes', [close(1000, REASON_123)], NORMAL),
  closing('7.3.6', 'a close with a reason of 124 bytes', [close(1000, `${REASON_123}*`)], PROTOCOL_ERROR),
  closing(
    '7.5.1',
    'a close with a reason that is not UTF-8',
    [close(1000, Buffer.from([0xce, 0xba, 0xed, 0xa0, 0x80]))],
    'close 1007',
  ),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code, at) =>
    closing(`7.7.${at + 1}`, `the valid code ${code}`, [close(code)], `close ${code}`),
  ),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code, at) =>
    closing(`7.9.${at + 1}`, `the invalid code ${code}`, [close(code)], PROTOCOL_ERROR),
  ),
  ...[5000, 65_535].map((code, at) =>
    closing(`7.13.${at + 1}`, `the code ${code}, which is out of range`, [close(code)], PROTOCOL_ERROR),
  ),
];

export const FRAMING_CASES = { FRAMING, PINGS, RESERVED, OPCODES, FRAGMENTATION, CLOSING } as const;
