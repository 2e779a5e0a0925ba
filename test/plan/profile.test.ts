import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialRateHz,
  type Profile,
  parseProfile,
  profileDurationMs,
  profileMessages,
  timeOfCountMs,
} from '../../src/plan/profile.ts';
import { thrownBy } from '../thrown.ts';

describe('the grammar of rates and profiles', () => {
  it.each<[string, Profile]>([
    ['100/s', [{ durationMs: 7_000, fromHz: 100, toHz: 100 }]],
    ['90/m', [{ durationMs: 7_000, fromHz: 1.5, toHz: 1.5 }]],
    ['10s@50/s', [{ durationMs: 10_000, fromHz: 50, toHz: 50 }]],
    ['20s@50..500/s', [{ durationMs: 20_000, fromHz: 50, toHz: 500 }]],
    ['1m@0..10/s', [{ durationMs: 60_000, fromHz: 0, toHz: 10 }]],
    ['500ms@10..0/s', [{ durationMs: 500, fromHz: 10, toHz: 0 }]],
    ['10s@0.5..1.5/s', [{ durationMs: 10_000, fromHz: 0.5, toHz: 1.5 }]],
    [
      ' 10s@50/s , 20s@50..500/s ',
      [
        { durationMs: 10_000, fromHz: 50, toHz: 50 },
        { durationMs: 20_000, fromHz: 50, toHz: 500 },
      ],
    ],
  ])('reads "%s"', (text, expected) => {
    expect(parseProfile(text, 7_000)).toEqual(expected);
  });

  it.each([
    ['100', '"100" has no unit; a rate is a number and one of the units /s, /m, /h'],
    ['100/d', '"100/d" is not a rate; a rate is a number and one of the units /s, /m, /h'],
    ['', '"" is not a rate; a rate is a number and one of the units /s, /m, /h'],
    ['50..500/s', '"50..500/s" is not a rate; a rate is a number and one of the units /s, /m, /h'],
    ['10s@5/d', '"5/d" is not a rate; a rate is a number and one of the units /s, /m, /h'],
    ['10@50/s', '"10" has no unit; a duration is a number and one of the units ns, us, ms, s, m, h'],
  ])('refuses "%s" as a quantity', (text, message) => {
    expect(thrownBy(() => parseProfile(text, 7_000))).toMatchObject({ code: 'BAD_QUANTITY', message });
  });

  it.each([
    '10s@',
    '10s@50',
    '@50/s',
    '10s@..5/s',
    '10s@5/s..6/s',
    '10s@5..1.2.3/s',
    '10s@1s@5/s',
    '10s@-5/s',
  ])('refuses "%s" as a stage', (text) => {
    expect(thrownBy(() => parseProfile(text, 7_000))).toMatchObject({
      code: 'BAD_RATE',
      message: `"${text}" is not a stage; a stage is a duration, "@" and a rate or a range of rates`,
      hint: 'Write stages like 10s@50/s,20s@50..500/s.',
      exitCode: 2,
    });
  });

  it('names the stage that is wrong among several', () => {
    expect(thrownBy(() => parseProfile('10s@5/s,soon,10s@5/s', 1)).message).toMatch(/^"soon" is not a stage/);
    expect(thrownBy(() => parseProfile('10s@50/s,', 1)).message).toMatch(/^"" is not a stage/);
  });

  it.each([
    ['0/s', 'has no messages'],
    ['10s@0..0/s', 'has no messages'],
    ['10s@0/s,1s@0/s', 'has no messages'],
    ['0s@10/s', 'has a stage without a duration'],
  ])('refuses "%s", which %s', (text, problem) => {
    expect(thrownBy(() => parseProfile(text, 7_000))).toMatchObject({
      code: 'BAD_RATE',
      message: `"${text}" ${problem}`,
    });
  });

  it('may pause, before, between and after its messages', () => {
    const profile = parseProfile('2s@0/s,1s@2/s,3s@0/s,1s@2/s,1s@0/s', 1);
    expect(profileMessages(profile)).toBe(4);
    expect([0, 1, 2, 3].map((count) => timeOfCountMs(profile, count))).toEqual([2000, 2500, 6000, 6500]);
    expect(profileDurationMs(profile)).toBe(8000);
  });

  it('reads every stage of a profile', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            durationMs: fc.integer({ min: 1, max: 999 }),
            fromHz: fc.integer({ min: 0, max: 5000 }),
            toHz: fc.integer({ min: 1, max: 5000 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        (profile) => {
          const text = profile
            .map(({ durationMs, fromHz, toHz }) => `${durationMs}ms@${fromHz}..${toHz}/s`)
            .join(',');
          expect(parseProfile(text, 1)).toEqual(profile);
        },
      ),
    );
  });
});

describe('a profile', () => {
  const profile = parseProfile('10s@50/s,20s@50..500/s,4s@500..0/s', 1);

  it('lasts as long as its stages together', () => {
    expect(profileDurationMs(profile)).toBe(34_000);
  });

  it('holds the area under its line', () => {
    expect(profileMessages(profile)).toBe(500 + 5_500 + 1_000);
  });

  it.each([
    [0, 0],
    [50, 1_000],
    [500, 10_000],
    // Half-way up the ramp: 50 x 10 + 22.5 x 10^2 / 2.
    [500 + 1_625, 20_000],
    [6_000, 30_000],
    // Three quarters of the messages of a ramp to zero lie in its first half.
    [6_750, 32_000],
    [7_000, Number.POSITIVE_INFINITY],
    [1e9, Number.POSITIVE_INFINITY],
  ])('reaches %d messages after %d ms', (count, timeMs) => {
    if (timeMs === Number.POSITIVE_INFINITY) expect(timeOfCountMs(profile, count)).toBe(timeMs);
    else expect(timeOfCountMs(profile, count)).toBeCloseTo(timeMs, 6);
  });
});

describe('the rate of a warm-up', () => {
  it.each([
    ['100/s', 100],
    ['60s@0..2000/s', 1000 / 60],
    ['10s@50..500/s', 72.5],
    ['500ms@100..300/s', 200],
    ['10s@0.5/s', 1],
  ])('of %s is that of its first second, at least 1/s', (text, rateHz) => {
    expect(initialRateHz(parseProfile(text, 10_000))).toBeCloseTo(rateHz, 9);
  });
});
