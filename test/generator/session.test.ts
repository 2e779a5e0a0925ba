import { describe, expect, it } from 'vitest';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import { defineScenario, everyClient } from '../../src/contract/scenario.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

/** Client 0 publishes to all. */
const broadcast = defineScenario({
  name: 'broadcast',
  summary: '',
  headline: 'delivery',
  options: {},
  layout: (_options, clients) => ({
    rooms: everyClient(clients).map(() => []),
    streams: [
      {
        sender: 0,
        operation: { kind: 'publish', scope: 'everyone', room: null },
        receivers: everyClient(clients),
      },
    ],
  }),
});

describe('a generator session', () => {
  it.each([
    ['another host', 'http://192.0.2.1/messages', '192.0.2.1'],
    ['a host without a scheme', '//example.com/messages', 'example.com'],
  ])('sends nothing to %s that was not allowed, though a target publishes there', async (_, url, host) => {
    const publish: Mapping['publish'] = ({ payload }) => ({ url, body: payload });
    const mapping: Mapping = { ...chat, publish };
    const run = new FakeRun({ planned: planFake(broadcast, { rate: '10/s', duration: '1s' }), mapping });
    const { failed, ledger } = await run.run();
    expect(failed).toEqual([
      { reason: expect.stringMatching(new RegExp(`^publishing failed: ${host} is not`)), count: 10 },
    ]);
    expect(ledger.delivered).toBe(0);
  });
});
