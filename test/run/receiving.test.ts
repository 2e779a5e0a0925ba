import { describe, expect, it } from 'vitest';
import type { SocketsInUse } from '../../src/generator/sockets.ts';
import { receivingOf } from '../../src/run/receiving.ts';
import { telemetryAt } from './made-snapshot.ts';

const KERNEL: SocketsInUse = { kind: 'kernel', problem: null };
const FALLEN_BACK: SocketsInUse = { kind: 'node', problem: 'the package koffi cannot be loaded' };

function workerWith(sockets: SocketsInUse | null, receivedCount: number, stampedCount: number) {
  return { sockets, telemetry: [{ ...telemetryAt(1), receivedCount, stampedCount, sharedCount: 0 }] };
}

describe('how clients received', () => {
  it.each([
    ['by the kernel', [workerWith(KERNEL, 5, 5), workerWith(KERNEL, 0, 0)], 'kernel', 'kernel', null],
    ['by the generator', [workerWith(FALLEN_BACK, 5, 0)], 'process', 'node', FALLEN_BACK.problem],
    ['by the sockets of a library', [workerWith(null, 5, 0)], 'process', 'driver', null],
    ['nothing yet, over the kernel', [workerWith(KERNEL, 0, 0)], 'kernel', 'kernel', null],
    ['over the kernel, which stamps nothing', [workerWith(KERNEL, 5, 0)], 'process', 'kernel', null],
    ['inside Artillery', [{ sockets: null, telemetry: [telemetryAt(1)] }], 'process', 'driver', null],
  ] as const)('%s', (_, workers, clock, sockets, problem) => {
    expect(receivingOf(workers)).toEqual({ receiving: { clock, sockets, problem }, clocksDiffer: null });
  });

  it('by both clocks is no result', () => {
    expect(receivingOf([workerWith(KERNEL, 3000, 3000), workerWith(FALLEN_BACK, 1000, 0)])).toEqual({
      receiving: { clock: 'process', sockets: 'node', problem: FALLEN_BACK.problem },
      clocksDiffer: {
        code: 'receive_clocks_differ',
        message: '3,000 of 4,000 messages were timed by the kernel, the others by the generator',
      },
    });
  });
});
