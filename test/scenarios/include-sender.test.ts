import { expect, it } from 'vitest';
import { reconnectStorm } from '../../scenarios/reconnect-storm.ts';
import { recovery } from '../../scenarios/recovery.ts';
import { slowConsumers } from '../../scenarios/slow-consumers.ts';
import { disturbableClients } from '../../src/plan/disturbed-clients.ts';
import { planFake } from '../support/fake-run.ts';

it.each([recovery, reconnectStorm, slowConsumers])(
  '$name expects what its publisher gets back only with --include-sender, and does not disturb it',
  (scenario) => {
    const layoutOf = (given: Readonly<Record<string, string>>) =>
      planFake(scenario, { clients: '8', ...given }).layout;
    const [without, included] = [layoutOf({}), layoutOf({ includeSender: 'true' })];
    expect(without.streams).toMatchObject([{ sender: 0, operation: { scope: 'room-but-me' } }]);
    expect(without.streams[0]?.receivers).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(included.streams).toMatchObject([{ sender: 0, operation: { scope: 'room' } }]);
    expect(included.streams[0]?.receivers).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(disturbableClients(included, 8)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  },
);
