import { describe, expect, it } from 'vitest';
import { connectStorm } from '../../scenarios/connect-storm.ts';
import { idle } from '../../scenarios/idle.ts';
import { FIGURES } from '../../src/result/metrics.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

const HELD = { clients: '20', duration: '5s', warmup: '0s', warmupMax: '0s' };

describe('idle', () => {
  it('is valid without a message, and counts what is held', async () => {
    const run = new FakeRun({ planned: planFake(idle, HELD) });
    const result = await run.run();
    expect(result).toMatchObject({
      status: 'complete',
      invalid: [],
      findings: [],
      headline: 'connection_age',
    });
    expect(result.samples).toEqual({ unit: 'connection', count: 20, incomplete: 0 });
    expect(result.timing.measureMs).toBeCloseTo(5000, 0);
  });

  it('counts connections that are cut by reason and age, and stays valid', async () => {
    const run = new FakeRun({ planned: planFake(idle, HELD) });
    run.during('measure', 2000, () => {
      for (const client of [3, 7]) run.server.connections.get(client)?.drop('closed with 1001 going away');
    });
    const result = await run.run();
    expect(result.invalid).toEqual([]);
    expect(result.samples).toEqual({ unit: 'connection', count: 18, incomplete: 2 });
    expect(result.clients.dropped).toEqual([{ reason: 'closed with 1001 going away', count: 2 }]);
    const ages = viewResult(result).histogram('connection_age');
    expect(ages?.count).toBe(2);
    // It was ready 1 ms after it began, and measuring began at least 150 ms after that.
    expect(ages?.quantileNs(0)).toBeGreaterThan(2.1e9);
    expect(ages?.maxNs).toBeLessThan(2.5e9);
    expect(result.findings).toEqual([
      {
        code: 'connections_cut',
        message: expect.stringMatching(
          /^2 of 20 connections were cut between 2\.\d+ s and 2\.\d+ s of age: all at one time, as when a server or a proxy restarts \(closed with 1001 going away\)$/,
        ),
      },
    ]);
  });

  it.each([
    [
      '10/s',
      0,
      1900,
      /^all 20 connections were cut at 3\.00 s of age: a timeout of the server or of a proxy \(c/,
    ],
    // Connections began as close together as they ended.
    [
      '1000/s',
      1,
      19,
      / between 3\.00 s and 3\.02 s of age: .*, unless one event cut them all; a lower --connect-rate/,
    ],
  ])('says what cuts connections that open at %s', async (connectRate, jitterMs, spreadMs, said) => {
    const run: FakeRun = new FakeRun({
      planned: planFake(idle, { ...HELD, connectRate }),
      behavior: {
        refuses: (client) => {
          // The client is connected 1 ms after it began.
          run.time.after(3001 + jitterMs * ((client * 7) % 20), () =>
            run.server.connections.get(client)?.drop('closed without a close frame'),
          );
          return null;
        },
      },
    });
    const result = await run.run();
    expect(result.invalid).toEqual([]);
    const [cut, ...others] = result.cutAges;
    expect(others).toEqual([]);
    expect(cut).toMatchObject({ reason: 'closed without a close frame', count: 20 });
    expect(cut?.minAgeMs).toBeCloseTo(3000, 0);
    expect(cut?.maxAgeMs).toBeCloseTo(3000 + 19 * jitterMs, 0);
    const [earliest, latest] = jitterMs === 0 ? [spreadMs, spreadMs] : [spreadMs, 2 * spreadMs];
    const apartMs = (cut?.lastAtMs ?? 0) - (cut?.firstAtMs ?? 0);
    expect(apartMs).toBeGreaterThan(earliest - 2);
    expect(apartMs).toBeLessThan(latest + 2);
    const [finding] = result.findings;
    expect(finding?.message).toMatch(said);
    expect(finding?.message).toMatch(/\(closed without a close frame, 1006\)$/);
  });

  it('goes on to its end when all connections are cut', async () => {
    const run = new FakeRun({ planned: planFake(idle, HELD) });
    run.during('measure', 1000, () => run.server.die());
    const result = await run.run();
    expect(result).toMatchObject({ status: 'complete', invalid: [] });
    expect(result.samples).toEqual({ unit: 'connection', count: 0, incomplete: 20 });
    expect(FIGURES.generator_memory_per_connection.value(result)).toBeNull();
  });

  it('is invalid when clients cannot connect', async () => {
    const refuses = (client: number) => (client < 4 ? 'refused' : null);
    const run = new FakeRun({ planned: planFake(idle, HELD), behavior: { refuses } });
    const result = await run.run();
    expect(result.invalid.map(({ code }) => code)).toEqual(['clients_lost']);
    expect(result.samples.count).toBe(16);
  });
});

const STORM = { clients: '2', rate: '20/s', duration: '3s', warmup: '0s', warmupMax: '0s' };

describe('connect-storm', () => {
  it('times each handshake from when it was due, and counts what is accepted', async () => {
    const run = new FakeRun({ planned: planFake(connectStorm, STORM) });
    const result = await run.run();
    expect(result).toMatchObject({ invalid: [], findings: [], headline: 'handshake' });
    expect(result.samples).toEqual({ unit: 'connection', count: 60, incomplete: 0 });
    expect(viewResult(result).histogram('handshake')?.quantileNs(0.5)).toBeCloseTo(1e6, -5);
    expect(FIGURES.accepted.value(result)).toBeCloseTo(20, 0);
    // The connections in memory have no stages.
    expect(result.notes.map(({ code }) => code)).toContain('no_stages');
    expect(run.server.connections.size).toBe(0);
  });

  it('counts failed connections by their reason', async () => {
    let attempts = 0;
    const refuses = () => {
      attempts += 1;
      return attempts % 2 === 0 ? 'HTTP status 503' : null;
    };
    const run = new FakeRun({ planned: planFake(connectStorm, STORM), behavior: { refuses } });
    const result = await run.run();
    expect(result.failed).toEqual([{ reason: 'HTTP status 503', count: 30 }]);
    expect(result.series['handshake']?.count).toBe(30);
    expect(result.findings.map(({ code }) => code)).toContain('failed');
  });

  it('is invalid when the system of the generator refuses connections', async () => {
    const reason = 'refused by the system of the generator: connect EADDRNOTAVAIL';
    const refuses = (client: number) => (client === 1 ? reason : null);
    const run = new FakeRun({ planned: planFake(connectStorm, STORM), behavior: { refuses } });
    expect((await run.run()).invalid.map(({ code }) => code)).toContain('system_limit');
  });
});
