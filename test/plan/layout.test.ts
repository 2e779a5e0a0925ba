import { describe, expect, it } from 'vitest';
import { defineScenario, type Layout, type Stream } from '../../src/contract/scenario.ts';
import { SockbenchError } from '../../src/errors.ts';
import { requireSoundLayout } from '../../src/plan/layout.ts';

const CLIENTS = 3;
const PUBLISH = { kind: 'publish', scope: 'everyone', room: null } as const;

/** What is said of a layout for three clients; null when nothing is. */
function saidOf(stream: Partial<Stream>, layout: Partial<Layout> = {}, headline = 'delivery'): string | null {
  const scenario = defineScenario({
    name: 'mine',
    summary: 'of a user',
    headline,
    series: { own: 'one thing -> another' },
    options: {},
    layout: () => ({ rooms: [], streams: [] }),
  });
  const sound: Layout = {
    rooms: [[], ['room-0'], ['room-0']],
    streams: [{ sender: 0, operation: PUBLISH, receivers: [0, 1, 2] }],
  };
  const streams = sound.streams.map((each) => ({ ...each, ...stream }));
  const check = () => requireSoundLayout(scenario, { ...sound, streams, ...layout }, CLIENTS);
  try {
    check();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(SockbenchError);
    expect(error).toMatchObject({ code: 'BAD_LAYOUT', hint: expect.stringMatching(/\w/) });
    return (error as SockbenchError).message;
  }
}

describe('a layout', () => {
  it.each<[string, Partial<Stream>, Partial<Layout>?, string?]>([
    ['that names every client', {}],
    ['without receivers', { receivers: [] }],
    ['of a series of its own', { series: 'own' }, {}, 'own'],
    ['without streams, whose clients listen', {}, { streams: [] }, 'push_skew'],
  ])('%s is sound', (_, stream, layout, headline) => {
    expect(saidOf(stream, layout, headline)).toBeNull();
  });

  it.each<[string, Partial<Stream>, Partial<Layout>?, string?]>([
    ['stream 0 of its layout names client 3', { receivers: [0, 3] }],
    ['stream 0 of its layout names client -1', { sender: -1 }],
    ['stream 0 of its layout names client 0.5', { receivers: [0.5] }],
    ['stream 0 of its layout names its receivers out of order', { receivers: [1, 0] }],
    ['stream 0 of its layout names its receivers out of order', { receivers: [1, 1] }],
    ['stream 0 of its layout records into other, which is not a series', { series: 'other' }],
    [
      'stream 0 of its layout has the operation steps, but the scenario has no steps',
      { operation: { kind: 'steps' } },
    ],
    ['its layout has a list of rooms for 1 of 3 clients', {}, { rooms: [[]] }],
    ['its headline jurney is not a series', {}, {}, 'jurney'],
    ['its headline other is not a series', {}, { headline: 'other' }],
  ])('is refused: %s', (message, stream, layout, headline) => {
    expect(saidOf(stream, layout, headline)).toBe(`the scenario mine: ${message}`);
  });
});

describe('a layout of clients without a connection', () => {
  const check = (layout: Layout) => () =>
    requireSoundLayout(
      defineScenario({
        name: 'mine',
        summary: 'of a user',
        headline: 'iteration',
        connections: 'iterations',
        options: {},
        layout: () => layout,
        steps: async () => {},
      }),
      layout,
      1,
    );
  const steps = { sender: 0, operation: { kind: 'steps' as const }, receivers: [0] };

  it('runs steps', () => {
    expect(check({ rooms: [[]], streams: [steps] })).not.toThrow();
  });

  it('is refused when they join rooms or send by themselves', () => {
    expect(check({ rooms: [['room-0']], streams: [steps] })).toThrow(
      'the scenario mine: its clients join rooms, but have no connection',
    );
    expect(check({ rooms: [[]], streams: [{ ...steps, operation: { kind: 'request' } }] })).toThrow(
      'stream 0 of its layout has the operation request, which needs a connection of its client',
    );
  });
});
