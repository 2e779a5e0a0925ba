import { expect, it } from 'vitest';
import { ANY_CPU, runScenario } from '../support/sockbench.ts';

it('recovery says what each group of clients got again, and what it missed', async () => {
  const load = [
    '--clients',
    '7',
    '--rate',
    '20/s',
    '--duration',
    '4s',
    '--warmup',
    '0s',
    '--warmup-max',
    '0s',
  ];
  const cuts = ['--cuts', '300ms', '--target', 'socketio', '--recovery', 'on'];
  const { result } = await runScenario('recovery', ...cuts, ...load, ...ANY_CPU);
  const { disruptions } = result;
  const [afterEvent, beforeEvent, first, second] = disruptions ?? [];
  expect(disruptions).toHaveLength(4);
  for (const each of disruptions ?? []) expect(each).toMatchObject({ clients: 2, back: 2, lost: 0 });
  // The server restores a session whose client names the last event that it got.
  for (const each of [afterEvent, first, second]) {
    expect(each).toMatchObject({ recovered: 2, newSessions: 0, missed: 0 });
    expect(each?.replayed).toBeGreaterThan(0);
  }
  expect(beforeEvent).toMatchObject({ recovered: 0, newSessions: 2, replayed: 0 });
  expect(beforeEvent?.missed).toBeGreaterThan(0);
  const { expected, delivered, missed, lost, duplicated } = result.ledger;
  expect({ lost, duplicated, missing: expected - delivered - missed }).toEqual({
    ...{ lost: 0, duplicated: 0, missing: 0 },
  });
  expect(result.clients.dropped).toEqual([]);
});
