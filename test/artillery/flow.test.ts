import { describe, expect, it } from 'vitest';
import { parseFlow } from '../../src/artillery/flow-parser.ts';

const parse = (...flow: unknown[]) => parseFlow(flow, 'chat');

describe('a flow', () => {
  it('has the steps of Artillery and those of sockbench', () => {
    expect(
      parse(
        { join: 'lobby' },
        { think: 0.5 },
        { loop: [{ publish: 'lobby' }, 'request'], count: 3 },
        { emit: { event: 'typing', data: { on: true } } },
        { log: 'done' },
      ),
    ).toEqual([
      { kind: 'join', rooms: ['lobby'] },
      { kind: 'think', time: 500 },
      {
        kind: 'loop',
        count: 3,
        steps: [
          { kind: 'publish', scope: 'room', room: 'lobby', pace: null },
          { kind: 'request', pace: null },
        ],
      },
      { kind: 'emit', event: 'typing', data: { on: true } },
      { kind: 'log', text: 'done' },
    ]);
  });

  it('has schedules, of each user or shared after a rendezvous', () => {
    const [own, , shared] = parse(
      { publish: { rate: '5/s', for: '2s' } },
      { rendezvous: 50 },
      { request: { rate: '1s@5/s,1s@5..50/s', warmup: '1s', arrival: 'poisson', users: 'all' } },
      'stay',
    );
    expect(own).toMatchObject({ scope: 'everyone', pace: { durationMs: 2000, warmupMs: 0, users: 'own' } });
    expect(shared).toMatchObject({
      pace: { durationMs: 2000, warmupMs: 1000, arrival: 'poisson', users: 'all' },
    });
  });

  it.each([
    [[], 'scenario "chat": it has no flow'],
    [[{ publsh: 'a' }], 'scenario "chat", step 1: there is no step "publsh"; the steps are join,'],
    [[{ think: 1 }, { loop: [{ jion: 'a' }] }], 'step 2, loop, step 1: there is no step "jion"'],
    [[{ join: 'a', publish: 'b' }], 'step 1: it has two names, join and publish'],
    [[{ publish: { rom: 'a' } }], 'there is no field "rom"'],
    [[{ publish: { scope: 'all' } }], 'there is no scope "all"; the scopes are everyone'],
    [[{ publish: { scope: 'room' } }], 'the scope room needs a room'],
    [[{ publish: { scope: 'everyone', room: 'a' } }], 'the scope everyone has no room'],
    [[{ publish: { rate: '5/s' } }], 'a rate needs a duration'],
    [[{ publish: { rate: '1s@5/s', for: '1s' } }], 'a profile of rates has its own durations'],
    [[{ request: { for: '1s' } }], 'for has no meaning without a rate'],
    [[{ request: { rate: 5, for: '1s' } }], '"5"'],
    [[{ request: { rate: '5/s', for: '1s', arrival: 'uniform' } }], 'arrival "uniform" is unknown'],
    [[{ request: { rate: '5/s', for: '1s', users: 0 } }], 'users 0 is neither a number nor all'],
    [[{ request: { rate: '5/s', for: '1s', users: 1 } }], 'share a rate only directly after a rendezvous'],
    [[{ rendezvous: 'all' }], '"all" is no list of fields'],
    [[{ rendezvous: 0 }], 'users 0 is not a whole number from 1'],
    [[{ think: 'long' }], '"long"'],
    [[{ loop: 'a' }], '"a" is no list of steps'],
    [[{ loop: ['request'], count: 1.5 }], 'count 1.5 is not a whole number'],
    [[{ stay: { for: '1s' } }], 'there is no field "for"'],
    [[null], 'there is no step ""'],
  ])('%j is refused: %s', (flow, message) => {
    expect(() => parseFlow(flow, 'chat')).toThrow(message);
  });
});
