import { describe, expect, it } from 'vitest';
import { parseRendezvousPlace, parseStartAt } from '../../src/plan/rendezvous-place.ts';
import { thrownBy } from '../thrown.ts';

const NOW_MS = Date.parse('2026-11-28T18:00:00Z');

describe('--start-at', () => {
  it.each([
    ['2026-11-28T18:30:00Z', 30 * 60e3],
    ['2026-11-28T19:30:00+01:00', 30 * 60e3],
    ['2026-11-28T18:00:00.250Z', 250],
    [' 2026-11-28T18:01Z ', 60e3],
    ['2026-11-29T18:00:00Z', 24 * 3600e3],
  ])('reads %j', (text, aheadMs) => {
    expect(parseStartAt(text, NOW_MS) - NOW_MS).toBe(aheadMs);
  });

  it.each([
    '18:30',
    '18:30:00Z',
    '2026-11-28T18:30:00',
    '2026-11-28',
    'in 2 minutes',
    '+2m',
    '1764354600',
    '',
  ])('refuses %j, which is no date and time with a zone', (text) => {
    const error = thrownBy(() => parseStartAt(text, NOW_MS));
    expect(error).toMatchObject({ code: 'BAD_START_TIME', exitCode: 2 });
    expect(error.message).toBe(
      `"${text}" is not a start time: it is an ISO 8601 date and time with a zone, such as 2026-11-28T18:30:00Z`,
    );
  });

  it.each(['2026-02-30T18:30:00Z', '2026-13-01T00:00:00Z', '2026-11-28T25:00:00Z'])(
    'refuses %j, which does not exist',
    (text) => {
      expect(thrownBy(() => parseStartAt(text, NOW_MS)).code).toBe('BAD_START_TIME');
    },
  );

  it('refuses a time in the past and one more than a day ahead', () => {
    expect(thrownBy(() => parseStartAt('2026-11-28T17:59:30Z', NOW_MS)).message).toBe(
      "the start time 2026-11-28T17:59:30Z was 30s ago on this host's clock",
    );
    expect(thrownBy(() => parseStartAt('2026-11-29T18:00:01Z', NOW_MS)).message).toBe(
      'the start time 2026-11-29T18:00:01Z is more than 24 hours ahead',
    );
  });
});

describe('--rendezvous', () => {
  it('reads a folder, relative to the working directory', () => {
    expect(parseRendezvousPlace('shared', '/home/me')).toEqual({ kind: 'folder', folder: '/home/me/shared' });
    expect(parseRendezvousPlace('/mnt/nfs', '/home/me')).toEqual({ kind: 'folder', folder: '/mnt/nfs' });
    expect(parseRendezvousPlace('host:7070', '/home/me')).toEqual({
      kind: 'folder',
      folder: '/home/me/host:7070',
    });
  });

  it('reads a URL', () => {
    const place = parseRendezvousPlace('http://10.0.0.5:7070/run-1', '/');
    expect(place).toEqual({ kind: 'url', url: new URL('http://10.0.0.5:7070/run-1') });
  });

  it.each([
    ['https://host:7070', 'does not begin with http://'],
    ['ws://host:7070', 'does not begin with http://'],
    ['http://host', 'has no port, or the port 80'],
    ['http://me:secret@host:7070', 'has a user name or password'],
    ['http://host:7070/?run=1', 'has a query or a fragment'],
    ['http://host:99999', 'is not a URL'],
    ['http:// host:7070', 'is not a URL'],
    ['://', 'is not a URL'],
  ])('refuses %j: it %s', (text, problem) => {
    const error = thrownBy(() => parseRendezvousPlace(text, '/'));
    expect(error).toMatchObject({ code: 'BAD_RENDEZVOUS', exitCode: 2 });
    expect(error.message).toBe(`the rendezvous "${text}" ${problem}`);
  });

  it.each(['', '  ', 'a\0b'])('refuses %j, which is no folder', (text) => {
    expect(thrownBy(() => parseRendezvousPlace(text, '/')).code).toBe('BAD_RENDEZVOUS');
  });
});
