import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SockbenchError } from '../src/errors.ts';
import {
  formatBytes,
  formatCount,
  formatDurationMs,
  formatEstimate,
  formatInterval,
  formatNs,
  formatNumber,
  formatPercent,
  parseByteRateHz,
  parseBytes,
  parseDurationMs,
  parseDurationNs,
  parseRateHz,
} from '../src/units.ts';
import { thrownBy } from './thrown.ts';

describe('reading quantities', () => {
  it.each([
    ['1ns', 1],
    ['1us', 1_000],
    ['1µs', 1_000],
    ['1μs', 1_000],
    ['1ms', 1_000_000],
    ['1s', 1_000_000_000],
    ['10s', 10_000_000_000],
    ['1.5m', 90_000_000_000],
    ['2h', 7_200_000_000_000],
    ['0s', 0],
    ['0.0001us', 0],
    [' 250 ms ', 250_000_000],
  ])('reads the duration "%s" as %d ns', (text, expectedNs) => {
    expect(parseDurationNs(text)).toBe(expectedNs);
  });

  it('gives the same duration in milliseconds', () => {
    expect(parseDurationMs('1.5m')).toBe(90_000);
    expect(parseDurationMs('100us')).toBe(0.1);
  });

  it.each([
    ['64B', 64],
    ['1kB', 1_000],
    ['4KiB', 4_096],
    ['1.5KiB', 1_536],
    ['2MB', 2_000_000],
    ['1MiB', 1_048_576],
    ['10.4B', 10],
  ])('reads the size "%s" as %d whole bytes', (text, expectedBytes) => {
    expect(parseBytes(text)).toBe(expectedBytes);
  });

  it.each([
    ['100/s', 100],
    ['0.5/s', 0.5],
    ['30/m', 0.5],
    ['90/m', 1.5],
    ['7200/h', 2],
  ])('reads the rate "%s" as %d a second', (text, expectedHz) => {
    expect(parseRateHz(text)).toBeCloseTo(expectedHz, 12);
  });

  it.each([
    ['0', 0],
    ['0B/s', 0],
    ['10KiB/s', 10_240],
    ['10 kB/s', 10_000],
    ['1.5MB/s', 1_500_000],
    ['60KiB/m', 1024],
  ])('reads "%s" as %d bytes a second', (text, expected) => {
    expect(parseByteRateHz(text)).toBe(expected);
  });

  it.each(['10', '10KiB', '10/s', '10KB/s', '10KiB/', '10KiB/d', '/s', '-1B/s', '10KiB/s/s', ''])(
    'refuses "%s" as bytes a second and lists the units',
    (text) => {
      const { code, message } = thrownBy(() => parseByteRateHz(text));
      expect(code).toBe('BAD_QUANTITY');
      expect(message).toContain('B, kB, MB, KiB, MiB');
    },
  );

  it.each([
    ['a duration', parseDurationNs, '10', 'ns, us, ms, s, m, h', '10s or 250ms'],
    ['a size', parseBytes, '64', 'B, kB, MB, KiB, MiB', '64B or 4KiB'],
    ['a rate', parseRateHz, '100', '/s, /m, /h', '100/s'],
  ])('refuses a bare number as %s and says that the unit is missing', (what, parse, text, units, example) => {
    expect(thrownBy(() => parse(text))).toMatchObject({
      code: 'BAD_QUANTITY',
      message: `"${text}" has no unit; ${what} is a number and one of the units ${units}`,
      hint: `Write it like ${example}.`,
      exitCode: 2,
    });
  });

  it.each([
    ['10 parsecs'],
    ['10S'],
    ['ten s'],
    ['-5s'],
    ['+5s'],
    ['.5s'],
    ['5.s'],
    ['1e3s'],
    ['1,5s'],
    ['s'],
    [''],
    // Names that every object inherits are no units.
    ['5constructor'],
    ['5toString'],
  ])('refuses "%s" as a duration and lists the units', (text) => {
    expect(thrownBy(() => parseDurationNs(text))).toMatchObject({
      code: 'BAD_QUANTITY',
      message: `"${text}" is not a duration; a duration is a number and one of the units ns, us, ms, s, m, h`,
    });
  });

  it('gives a finite number or a SockbenchError for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,9}[a-zA-Z/]{0,12}$/)), (text) => {
        for (const parse of [parseDurationNs, parseBytes, parseRateHz, parseByteRateHz]) {
          try {
            expect(parse(text)).toSatisfy((value: number) => Number.isFinite(value) && value >= 0);
          } catch (error) {
            expect(error).toBeInstanceOf(SockbenchError);
          }
        }
      }),
    );
  });

  it('reads every whole number of every unit exactly', () => {
    const scales = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
    fc.assert(
      fc.property(
        fc.nat({ max: 2000 }),
        fc.constantFrom(...(Object.keys(scales) as Array<keyof typeof scales>)),
        (count, unit) => {
          expect(parseDurationNs(`${count}${unit}`)).toBe(count * scales[unit]);
        },
      ),
    );
  });
});

describe('showing intervals', () => {
  it.each([
    [2.71, 3.58, '2.7-3.6'],
    [2.97, 3.08, '2.97-3.08'],
    [12.1, 14.9, '12-15'],
    [120, 134, '120-134'],
    [112, 134, '110-140'],
    [1234, 1302, '1230-1310'],
    [0.948, 0.953, '0.948-0.953'],
    [0.00213, 1.5, '0.002-1.5'],
    [8300, 104_000, '8000-110000'],
    [0.31, 11.2, '0.3-12'],
    [0.3, 0.3, '0.300-0.300'],
    [99.2, 99.6, '99.2-99.6'],
    [0, 0, '0-0'],
    [0.0002, 0.0004, '0-0.001'],
    [5.403, null, '>= 5.40'],
    [null, 5.403, '<= 5.41'],
    [null, null, null],
  ])('of %d to %d shows the digits that its width is worth, rounded outwards: %s', (lower, upper, text) => {
    expect(formatInterval(lower, upper)).toBe(text);
  });

  it('holds the figure that is shown beside it', () => {
    const positive = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    const share = fc.double({ min: 0, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(positive, share, share, (value, below, above) => {
        const text = formatInterval(value * (1 - below), value * (1 + above)) ?? '';
        const [low = Number.NaN, high = Number.NaN] = text.split('-').map(Number);
        expect(low).toBeLessThanOrEqual(value * (1 + 1e-9));
        expect(high).toBeGreaterThanOrEqual(value * (1 - 1e-9));
        expect(text.length).toBeLessThanOrEqual(15);
      }),
    );
  });

  it.each([
    ['duration', 3.02e6, 2.71e6, 3.58e6, '3.02 ms (2.7-3.6)'],
    ['duration', 0.98e6, 0.95e6, 1.2e6, '980 \u00b5s (900-1200)'],
    ['duration', 3.02e6, null, null, '3.02 ms'],
    ['bytes', 1536, 1024, 2048, '1.50 KiB (1.0-2.0)'],
    ['share', 0.123, 0.1, 0.2, '12.3 % (10-20)'],
    ['count', 7, null, null, '7'],
  ] as const)('of a %s of %d stands in the unit of the value', (kind, value, lower, upper, text) => {
    expect(formatEstimate(kind, value, { lower, upper })).toBe(text);
  });
});

describe('showing quantities', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [0.123456, '0.123'],
    [1.23456, '1.23'],
    [12.3456, '12.3'],
    [123.456, '123'],
    [1234.5, '1235'],
    [1_000_000, '1000000'],
    [-1.23456, '-1.23'],
    [99.96, '100'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('shows the number %d as %s', (value, expected) => {
    expect(formatNumber(value)).toBe(expected);
  });

  it.each([
    [0, '0 ns'],
    [1, '1.00 ns'],
    [999, '999 ns'],
    [999.7, '1.00 µs'],
    [1_000, '1.00 µs'],
    [1_234, '1.23 µs'],
    [1_000_000, '1.00 ms'],
    [12_345_678, '12.3 ms'],
    [1_000_000_000, '1.00 s'],
    [90_000_000_000, '90.0 s'],
    [-1_234_567, '-1.23 ms'],
    [Number.NaN, 'NaN ns'],
  ])('shows %d ns as %s', (valueNs, expected) => {
    expect(formatNs(valueNs)).toBe(expected);
  });

  it.each([
    [250, '250ms'],
    [0.5, '0.5ms'],
    [1_000, '1s'],
    [1_500, '1.5s'],
    [10_000, '10s'],
    [3_600_000, '3600s'],
  ])('shows a duration of %d ms as %s', (durationMs, expected) => {
    expect(formatDurationMs(durationMs)).toBe(expected);
  });

  it.each([
    [0, '0 B'],
    [64, '64 B'],
    [1_023, '1023 B'],
    [1_024, '1 KiB'],
    [1_536, '1.5 KiB'],
    [1_572_864, '1.5 MiB'],
    [5 * 1024 ** 3, '5120 MiB'],
  ])('shows %d bytes as %s', (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  it.each([
    [0, '0 %'],
    [0.005, '0.5 %'],
    [0.1234, '12.3 %'],
    [1, '100 %'],
    [1.5, '150 %'],
  ])('shows the share %d as %s', (ratio, expected) => {
    expect(formatPercent(ratio)).toBe(expected);
  });

  it.each([
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('shows the count %d as %s', (count, expected) => {
    expect(formatCount(count)).toBe(expected);
  });

  it('shows a duration so that it reads back as the same one, to three digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999 }), (durationMs) => {
        const readBackMs = parseDurationMs(formatDurationMs(durationMs));
        expect(Math.abs(readBackMs - durationMs)).toBeLessThanOrEqual(durationMs * 0.005);
      }),
    );
  });
});
