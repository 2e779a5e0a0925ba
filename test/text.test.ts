import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from '../src/text.ts';

const SCENARIOS = ['broadcast-latency', 'room-fanout', 'ack-roundtrip'];

describe('the nearest known word', () => {
  it.each([
    ['room-fanuot', SCENARIOS, 'room-fanout'],
    ['Room-Fanout', SCENARIOS, 'room-fanout'],
    ['room-fan', SCENARIOS, null],
    ['fanout', SCENARIOS, null],
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
