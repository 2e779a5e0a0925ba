import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, either, list, listCounted, nearest, passive, plural, shellWord } from '../src/text.ts';

const SCENARIOS = ['broadcast-latency', 'room-fanout', 'ack-roundtrip'];

describe('words in a sentence', () => {
  it.each([
    [0, '0 clients'],
    [1, '1 client'],
    [2_000, '2,000 clients'],
  ])('counts %d as %s', (count, expected) => {
    expect(plural(count, 'client')).toBe(expected);
  });

  it.each([
    ['push', '1 push', '2 pushes'],
    ['process', '1 process', '2 processes'],
    ['batch', '1 batch', '2 batches'],
    ['broadcast', '1 broadcast', '2 broadcasts'],
    ['request', '1 request', '2 requests'],
    ['iteration', '1 iteration', '2 iterations'],
    ['sample', '1 sample', '2 samples'],
  ])('counts a %s as %s, and two as %s', (noun, one, two) => {
    expect([plural(1, noun), plural(2, noun)]).toEqual([one, two]);
  });

  it('counts what was done to things', () => {
    expect([0, 1, 2_000].map((count) => passive(count, 'dropped'))).toEqual([
      '0 were dropped',
      '1 was dropped',
      '2,000 were dropped',
    ]);
  });

  it.each([
    [[], '', ''],
    [['a'], 'a', 'a'],
    [['a', 'b'], 'a and b', 'a or b'],
    [['a', 'b', 'c'], 'a, b and c', 'a, b or c'],
  ])('joins %j as "%s" and as "%s"', (words, all, one) => {
    expect([list(words), either(words)]).toEqual([all, one]);
  });

  it('lists reasons with how often each occurred', () => {
    expect(
      listCounted([
        { reason: 'no answer', count: 1200 },
        { reason: 'refused', count: 3 },
      ]),
    ).toBe('no answer (1,200), refused (3)');
  });

  it('names five reasons and counts the others', () => {
    const reasons = Array.from({ length: 8 }, (_, index) => ({ reason: `r${index}`, count: 9 - index }));
    expect(listCounted(reasons)).toBe('r0 (9), r1 (8), r2 (7), r3 (6), r4 (5), other reasons (9)');
    expect(listCounted(reasons.slice(0, 6))).toBe('r0 (9), r1 (8), r2 (7), r3 (6), r4 (5), r5 (4)');
  });

  it.each([
    ['example.org', 'example.org'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's $(reboot)", "'it'\\''s $(reboot)'"],
    ['a\nb', "'a\nb'"],
  ])('quotes %j for a shell as %s', (text, expected) => {
    expect(shellWord(text)).toBe(expected);
  });

  it('suggests a close word, or gives another hint when none is close', () => {
    expect(didYouMean('rum', ['run', 'report'])).toBe('Did you mean run?');
    expect(didYouMean('frobnicate', ['run'])).toBe('');
    expect(didYouMean('frobnicate', ['run'], 'Choose run.')).toBe('Choose run.');
  });
});

describe('the nearest known word', () => {
  it.each([
    ['room-fanuot', SCENARIOS, 'room-fanout'],
    ['Room-Fanout', SCENARIOS, 'room-fanout'],
    // The beginning or a part of one word only.
    ['room-fan', SCENARIOS, 'room-fanout'],
    ['fanout', SCENARIOS, 'room-fanout'],
    ['rooms', SCENARIOS, 'room-fanout'],
    ['broadcast', SCENARIOS, 'broadcast-latency'],
    ['--source', ['--source-addresses', '--sockets'], '--source-addresses'],
    ['http', ['http-polling', 'http-push'], null],
    ['fan', SCENARIOS, null],
    ['broadcast-latncy', SCENARIOS, 'broadcast-latency'],
    // A third of a long word may be wrong.
    ['brodcast-lateny-x', SCENARIOS, 'broadcast-latency'],
    ['wss', ['socketio', 'ws'], 'ws'],
    ['sw', ['socketio', 'ws'], null],
    // Two letters are two edits away from any other two.
    ['x', ['socketio', 'ws'], null],
    ['qq', ['socketio', 'ws'], null],
    ['', ['ws'], null],
    ['rum', ['run', 'report'], 'run'],
    ['--room', ['--rooms', '--rate'], '--rooms'],
    ['anything', [], null],
  ])('to "%s" in %j is %s', (given, known, expected) => {
    expect(nearest(given, known)).toBe(expected);
  });

  const word = fc.stringMatching(/^[a-z]{1,12}$/);

  it('is the word itself when it is known', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 6 }), fc.nat(), (known, at) => {
        const given = known[at % known.length] ?? '';
        expect(nearest(given, known)).toBe(given);
        expect(nearest(given.toUpperCase(), known)).toBe(given);
      }),
    );
  });

  it('is found from a word of four letters or more with one letter left out or doubled', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,12}$/), fc.nat(), (known, noise) => {
        const at = noise % known.length;
        expect(nearest(known.slice(0, at) + known.slice(at + 1), [known])).toBe(known);
        expect(nearest(known.slice(0, at) + known.charAt(at) + known.slice(at), [known])).toBe(known);
      }),
    );
  });

  it('is none or one of the known ones', () => {
    fc.assert(
      fc.property(word, fc.array(word), (given, known) => {
        expect([null, ...known]).toContain(nearest(given, known));
      }),
    );
  });
});
