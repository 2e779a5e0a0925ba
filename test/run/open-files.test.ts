import { describe, expect, it } from 'vitest';
import { connectStorm } from '../../scenarios/connect-storm.ts';
import { idle } from '../../scenarios/idle.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { connectedClients, openFilesLimit, requireOpenFiles } from '../../src/run/open-files.ts';
import { planFake } from '../support/fake-run.ts';

const { plan: OWN } = planFake(idle);
const REFERENCE = { ...OWN.target, reference: { hasNodes: false } } as Plan['target'];

const refusal = (clients: number, most: number, limit: number, changes: Partial<Plan> = {}) =>
  thrownOrNull(() => requireOpenFiles({ ...OWN, ...changes }, { all: clients, most }, limit));

function thrownOrNull(work: () => void): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

describe('the limit of open files', () => {
  it('holds the clients of a process, and a reserve', () => {
    expect(refusal(1000, 1000, 1064)).toBeNull();
    expect(refusal(1000, 1000, 1063)).toMatchObject({
      code: 'SYSTEM_LIMIT',
      message: 'a generator process with 1,000 clients needs 1,064 open files, and the limit is 1,063',
      hint: expect.stringMatching(
        /^Raise the limit \(ulimit -n 1064; .*\), or give --workers 2 or more, or use/,
      ),
    });
  });

  it('allows fewer clients that poll, which have two connections', () => {
    expect(refusal(500, 500, 1064, { transport: 'polling' })).toBeNull();
    expect(refusal(501, 501, 1064, { transport: 'polling' })).not.toBeNull();
  });

  it('is that of the reference server too, where more workers do not help', () => {
    expect(refusal(1000, 500, 1000)).toBeNull();
    expect(refusal(1000, 500, 1000, { target: REFERENCE })).toMatchObject({
      message: 'the reference server, with 1,000 clients, needs 1,064 open files, and the limit is 1,000',
      hint: expect.stringMatching(/, or use at most --clients 936\.$/),
    });
  });

  it('too low for any client is said without advice on clients', () => {
    expect(refusal(0, 0, 60)).toMatchObject({
      message: 'a generator process needs 64 open files, and the limit is 60',
      hint: expect.stringMatching(/--ulimit of Docker\)\.$/),
    });
  });

  it('of this process is known on Linux', () => {
    expect(openFilesLimit()).toBeGreaterThan(64);
  });
});

describe('connections at one time', () => {
  it('are those of all clients, and of the process with the most', () => {
    expect(
      connectedClients(planFake(idle, { clients: '5' }), [
        [0, 1],
        [2, 3, 4],
      ]),
    ).toEqual({ all: 5, most: 3 });
  });

  it('are those of all iterations where they are held, and unknown where they are not', () => {
    const load = { rate: '100/s', duration: '5s', clients: '2', workers: '2' };
    expect(connectedClients(planFake(connectStorm, load), [[0], [1]])).toEqual({ all: 0, most: 0 });
    const held = planFake(connectStorm, { ...load, hold: 'true' });
    expect(connectedClients(held, [[0], [1]])).toEqual({ all: 500, most: 250 });
  });
});
