import { describe, expect, it } from 'vitest';
import { viewResult } from '../../src/result/view.ts';
import { ANY_CPU, runUndisturbed, SHORT } from '../support/sockbench.ts';

describe('a run over links', () => {
  it('counts every message, and reports latency by link and without the delay of links', async () => {
    const load = ['--target', 'socketio', '--clients', '8', '--rate', '50/s', '--duration', '1500ms'];
    const network = ['--network', '25%: rtt=160ms jitter=20ms, rtt=80ms'];
    const threshold = ['--threshold', 'delivery{link1}.p50>50ms'];
    await runUndisturbed(
      ['broadcast-latency', ...load, ...SHORT, ...ANY_CPU, ...network, ...threshold],
      ({ result, stdout }) => {
        expect(result.links?.groups).toEqual([
          { link: 'link1', text: 'rtt=160ms jitter=20ms', clients: 2, delayNs: 70e6 },
          { link: 'link2', text: 'rtt=80ms', clients: 6, delayNs: 40e6 },
        ]);
        const { expected, delivered, lost, duplicated, unexpected } = result.ledger;
        expect([delivered, lost, duplicated, unexpected]).toEqual([expected, 0, 0, 0]);
        const of = (series: string) => viewResult(result).histogram(series) ?? expect.unreachable();
        expect(of('delivery{link1}').count + of('delivery{link2}').count).toBe(delivered);
        // From one link to the same one: its delay twice. Histograms round by up to 0.1 %.
        expect(of('delivery{link2}').quantileNs(0)).toBeGreaterThan(80e6 * 0.998);
        expect(of('delivery{link1}').quantileNs(0)).toBeGreaterThan((40 + 70) * 1e6 * 0.998);
        // Everyone's latency is at least the two constant delays, and has no more than those subtracted.
        const [all, without] = [of('delivery'), of('delivery_without_link')];
        expect(without.count).toBe(delivered);
        expect(all.meanNs - without.meanNs).toBeGreaterThan(79e6);
        expect(all.meanNs - without.meanNs).toBeLessThan(141e6);
        // What remains is the server, the jitter of two links, and what the relay says that it added.
        const addedNs = of('relay_added').maxNs;
        expect(without.quantileNs(0)).toBeLessThan(40e6 + 2 * addedNs);
        expect(result.telemetry.workers.map(({ role }) => role)).toEqual(['generator 1', 'relay']);
        expect(result.telemetry.workers.at(-1)?.samples.length).toBeGreaterThan(0);
        // A handshake takes a round trip for TCP, and one for each of its requests.
        expect(of('connect').quantileNs(0)).toBeGreaterThan(2 * 80e6);
        expect(stdout).toMatch(/delivery\{link1\}\.p50>50ms/);
      },
    );
  });

  it('has clients of several transports in one run, all timed by one clock', async () => {
    const load = ['--target', 'socketio', '--clients', '10', '--duration', '1s'];
    const populations = [
      ...['--population', 'desktop: publishers=1 rate=20/s'],
      ...['--population', 'legacy: clients=20% transport=polling publishers=1 rate=10/s payload=1KiB'],
      ...['--population', 'mobile: clients=10% link="rtt=100ms"'],
    ];
    await runUndisturbed(
      ['broadcast-latency', ...load, ...SHORT, ...ANY_CPU, ...populations],
      ({ result }) => {
        const { populations: counted, ledger, receiving, traffic } = result;
        expect(
          counted.map(({ name, clients, sent, deliveries }) => [name, clients, sent, deliveries?.delivered]),
        ).toEqual([
          ['desktop', 7, 20, 210],
          ['legacy', 2, 10, 60],
          ['mobile', 1, 0, 30],
        ]);
        expect([ledger.delivered, ledger.lost, ledger.unexpected, ledger.corrupted]).toEqual([300, 0, 0, 0]);
        expect(receiving).toMatchObject({ clock: 'process', sockets: 'node' });
        expect(result.invalid.map(({ code }) => code)).not.toContain('receive_clocks_differ');
        expect(traffic.polls).toBeGreaterThan(0);
        const lowestNs = viewResult(result).histogram('delivery{mobile}')?.quantileNs(0);
        expect(lowestNs).toBeGreaterThan(50e6 * 0.998);
      },
    );
  });
});
