import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { DashboardViewer, dashboardCosts } from '../../bench/dashboard.ts';
import { trialKey } from '../../bench/rounds.ts';
import { freePort } from '../support/sockbench.ts';

type Figures = readonly [cpu: number, deliveryP50: number];

function rounds(alone: readonly Figures[], viewed: readonly Figures[]) {
  const key = (arm: string) => trialKey('dashboard', 'ws', 'dashboard', arm);
  const figures = ([cpu, deliveryP50]: Figures) => ({ cpu, deliveryP50 });
  return alone.map(
    (each, index) =>
      new Map([
        [key('alone'), figures(each)],
        [key('viewed'), figures(viewed[index] ?? each)],
      ]),
  );
}

describe('the cost of a dashboard', () => {
  it('is judged against the noise of repeats', () => {
    const without: Figures[] = [
      [9, 90],
      [10, 100],
      [11, 110],
    ];
    const viewed: Figures[] = [
      [10.4, 111],
      [10.5, 112],
      [10.6, 113],
    ];
    // The standard deviation of 9, 10 and 11 is 1.
    expect(dashboardCosts(rounds(without, viewed))).toEqual([
      {
        title: 'CPU per delivery of the generator',
        difference: expect.closeTo(0.05, 9),
        noise: expect.closeTo(0.1, 9),
        verdict: 'PASS',
      },
      {
        title: 'delivery p50',
        difference: expect.closeTo(0.12, 9),
        noise: expect.closeTo(0.1, 9),
        verdict: 'FAIL',
      },
    ]);
  });

  it('is unknown with fewer than three rounds', () => {
    expect(
      dashboardCosts(
        rounds(
          [
            [9, 90],
            [10, 100],
          ],
          [],
        ),
      ),
    ).toEqual([]);
  });
});

describe('the viewer', () => {
  it('waits for the dashboard and counts its events', async () => {
    const port = await freePort();
    const viewer = new DashboardViewer(port);
    const server = createServer((_, response) => {
      response.write('retry: 1\n\nid: 1\nevent: head\ndata: 1\n\n');
      response.end('id: 2\nevent: head\ndata: 2\n\n');
    }).listen(port, '127.0.0.1');
    await viewer.ended;
    expect(viewer.close()).toBe(2);
    server.close();
  });
});
