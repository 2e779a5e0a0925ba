import { isUtf8 } from 'node:buffer';
import { OPCODE } from '../../../src/wire/rfc6455/frame.ts';
import { fragments, partsOf, serverFrame, text } from '../support/frames.ts';
import { type Case, echo, INVALID_DATA } from './case.ts';

const KOSME = Buffer.from('\u03ba\u1f79\u03c3\u03bc\u03b5');
const VALID = Buffer.from('Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!');
/** κόσμε, then a surrogate, then `edited`. */
const INVALID = Buffer.concat([KOSME, Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('edited')]);
/** κόσμε, then a code point beyond U+10FFFF, then `edited`. */
const BEYOND = Buffer.concat([KOSME, Buffer.from([0xf4, 0x90, 0x80, 0x80]), Buffer.from('edited')]);

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** One message in as many fragments: echoed if it is UTF-8, otherwise the end. */
function message(id: string, what: string, parts: readonly Buffer[]): Case {
  const whole = Buffer.concat(parts);
  const sends = fragments('text', parts);
  return isUtf8(whole)
    ? { id, what, sends, answers: [echo('text', whole)] }
    : { id, what, sends, answers: [], ends: INVALID_DATA };
}

/** 6.1 to 6.5: texts without content, valid texts and invalid ones, whole and in fragments. */
const TEXTS: readonly Case[] = [
  message('6.1.1', 'an empty text', [Buffer.alloc(0)]),
  message(
    '6.1.2',
    'three empty fragments',
    [0, 0, 0].map((size) => Buffer.alloc(size)),
  ),
  message('6.1.3', 'a text between two empty fragments', [
    Buffer.alloc(0),
    Buffer.from('middle'),
    Buffer.alloc(0),
  ]),
  message('6.2.1', 'a valid text', [VALID]),
  message('6.2.2', 'two fragments, cut between characters', [VALID.subarray(0, 12), VALID.subarray(12)]),
  message('6.2.3', 'fragments of one octet', partsOf(VALID, 1)),
  message('6.2.4', 'fragments of one octet', partsOf(KOSME, 1)),
  message('6.3.1', 'an invalid text', [INVALID]),
  message('6.3.2', 'an invalid text in fragments of one octet', partsOf(INVALID, 1)),
];

/**
 * 6.4: an invalid text is refused before it is complete. The server sends no more than the bytes that make it invalid:
 * where a client waits for the rest, it answers the server's close, with code 1000.
 */
const FAIL_FAST: readonly Case[] = [INVALID, BEYOND].flatMap((bytes, at): Case[] => {
  const end = KOSME.length + 2;
  const first = serverFrame(OPCODE.text, bytes.subarray(0, KOSME.length));
  const second = serverFrame(OPCODE.continuation, bytes.subarray(KOSME.length, end));
  const cut = text(bytes).subarray(0, 2 + end);
  return [
    {
      id: `6.4.${at + 1}`,
      what: 'the second of three fragments is invalid',
      sends: [first, second],
      answers: [],
      ends: INVALID_DATA,
    },
    {
      id: `6.4.${at + 3}`,
      what: 'a frame is invalid before it is complete',
      sends: partsOf(cut, 1),
      answers: [],
      ends: INVALID_DATA,
    },
  ];
});

/** 6.5: fragments that are cut within characters. */
const WITHIN_CHARACTERS: readonly Case[] = Array.from({ length: 5 }, (_, at) =>
  message(`6.5.${at + 1}`, `a text cut after ${at + 1} octets`, [
    KOSME.subarray(0, at + 1),
    KOSME.subarray(at + 1),
  ]),
);

/** 6.6 to 6.23: the sequences of Markus Kuhn's UTF-8 decoder capability and stress test, and their neighbours. */
const SEQUENCES: Readonly<Record<string, readonly string[]>> = {
  '6.6': Array.from({ length: KOSME.length }, (_, at) => KOSME.subarray(0, at + 1).toString('hex')),
  '6.7': ['00', 'c2 80', 'e0 a0 80', 'f0 90 80 80'],
  '6.8': ['f8 88 80 80 80', 'fc 84 80 80 80 80'],
  '6.9': ['7f', 'df bf', 'ef bf bf', 'f4 8f bf bf'],
  '6.10': ['f7 bf bf bf', 'fb bf bf bf bf', 'fd bf bf bf bf bf'],
  '6.11': ['ed 9f bf', 'ee 80 80', 'ef bf bd', 'f4 8f bf bf', 'f4 90 80 80'],
  '6.12': ['80', 'bf', '80 bf', '80 bf 80', '80 bf 80 bf', '80 bf 80 bf 80', '80 bf 80 bf 80 bf', 'be'],
  '6.13': ['c0 20 c1 20', 'e0 20 ef 20', 'f0 20 f7 20', 'f8 20 fb 20', 'fc 20 fd 20'],
  '6.14': [
    'c0',
    'e0 80',
    'f0 80 80',
    'f8 80 80 80',
    'fc 80 80 80 80',
    'df',
    'ef bf',
    'f7 bf bf',
    'fb bf bf bf',
    'fd bf bf bf bf',
  ],
  '6.15': ['c0 e0 80 f0 80 80 f8 80 80 80 fc 80 80 80 80 df ef bf f7 bf bf fb bf bf bf fd bf bf bf bf'],
  '6.16': ['fe', 'ff', 'fe fe ff ff'],
  '6.17': ['c0 af', 'e0 80 af', 'f0 80 80 af', 'f8 80 80 80 af', 'fc 80 80 80 80 af'],
  '6.18': ['c1 bf', 'e0 9f bf', 'f0 8f bf bf', 'f8 87 bf bf bf', 'fc 83 bf bf bf bf'],
  '6.19': ['c0 80', 'e0 80 80', 'f0 80 80 80', 'f8 80 80 80 80', 'fc 80 80 80 80 80'],
  '6.20': ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf', 'ed b0 80', 'ed be 80', 'ed bf bf'],
  '6.21': [
    'ed a0 80 ed b0 80',
    'ed a0 80 ed bf bf',
    'ed ad bf ed b0 80',
    'ed ad bf ed bf bf',
    'ed ae 80 ed b0 80',
    'ed ae 80 ed bf bf',
    'ed af bf ed b0 80',
    'ed af bf ed bf bf',
  ],
  '6.22': [
    'ef bf be',
    'ef bf bf',
    ...Array.from({ length: 16 }, (_, plane) =>
      [0xfffe, 0xffff].map((low) =>
        Buffer.from(String.fromCodePoint((plane + 1) * 0x10000 + low)).toString('hex'),
      ),
    ).flat(),
  ],
  '6.23': ['ef bf b9', 'ef bf ba', 'ef bf bb', 'ef bf bc', 'ef bf bd', 'ef bf be', 'ef bf bf'],
};

const STRESS: readonly Case[] = Object.entries(SEQUENCES).flatMap(([group, sequences]) =>
  sequences.map((digits, at) => message(`${group}.${at + 1}`, digits, [hex(digits)])),
);

/** Which sequences are UTF-8, by the list of the suite: the answer of Node's own check must not be taken on trust. */
export const VALID_GROUPS = ['6.7', '6.9', '6.22', '6.23'];
export const INVALID_GROUPS = [
  '6.8',
  '6.10',
  '6.12',
  '6.13',
  '6.14',
  '6.15',
  '6.16',
  '6.17',
  '6.18',
  '6.19',
  '6.20',
  '6.21',
];

export const UTF8_CASES = { TEXTS, FAIL_FAST, WITHIN_CHARACTERS, STRESS } as const;
