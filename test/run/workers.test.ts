import { describe, expect, it } from 'vitest';
import type { FromWorker } from '../../src/generator/messages.ts';
import { startWorkerProcess, type WorkerHandle, Workers } from '../../src/run/workers.ts';
import { NOTHING_RECEIVED } from './made-snapshot.ts';

/** Starts a generator process; resolves `ended` to how it ended. */
function startWorker(): { worker: WorkerHandle; messages: FromWorker[]; ended: Promise<string> } {
  const messages: FromWorker[] = [];
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<string>();
  const worker = startWorkerProcess({ onMessage: (message) => messages.push(message), onEnded });
  return { worker, messages, ended };
}

describe('a generator process', () => {
  it('that is killed is reported with its signal, and takes no further message', async () => {
    const { worker, ended } = startWorker();
    process.kill(worker.pid, 'SIGKILL');
    expect(await ended).toBe('signal SIGKILL');
    expect(() => worker.post({ type: 'connect' })).not.toThrow();
  });

  it('with a bug reports it, and ends', async () => {
    const { worker, messages, ended } = startWorker();
    worker.post({ type: 'connect' });
    expect(await ended).toBe('exit code 1');
    expect(messages).toMatchObject([{ type: 'crash', message: '"connect" before "assign"' }]);
  });

  it('with an error of another kind reports the kind and the place, without a stack', async () => {
    const { worker, messages, ended } = startWorker();
    worker.post({ type: 'assign', assignment: null } as never);
    expect(await ended).toBe('exit code 1');
    const message = expect.stringMatching(/^TypeError: .+ at generator\/process\.ts:\d+$/) as unknown;
    expect(messages).toEqual([{ type: 'crash', message }]);
  });
});

/** Two workers that never run; what they would report is reported here. */
function twoWorkers() {
  const lost: Array<[worker: number, reason: string]> = [];
  const posted: string[] = [];
  const handlers: Array<Parameters<typeof startWorkerProcess>[0]> = [];
  const workers = new Workers(
    (handler) => {
      const worker = handlers.push(handler) - 1;
      const post = ({ type }: { type: string }) => posted.push(`${worker} ${type}`);
      return { pid: handlers.length, post, kill: () => posted.push(`${worker} killed`) };
    },
    2,
    { onMessage: () => {}, onLost: (worker, reason) => lost.push([worker, reason]) },
  );
  const report = (worker: number, message: FromWorker) => handlers[worker]?.onMessage(message);
  const end = (worker: number, reason: string) => handlers[worker]?.onEnded(reason);
  return { workers, lost, posted, report, end };
}

const FINAL: FromWorker = {
  type: 'final',
  rows: [],
  missedFirst: [],
  forgottenGaps: 0,
  received: NOTHING_RECEIVED,
  absences: null,
};

describe('the workers of a run', () => {
  it('are waited for until each that is alive has posted, whenever the wait begins', async () => {
    const { workers, report, end } = twoWorkers();
    let isReady = false;
    const ready = workers.all('ready').then(() => {
      isReady = true;
    });
    report(0, { type: 'ready', sockets: null, rssBytes: 0 });
    await Promise.resolve();
    expect(isReady).toBe(false);
    end(1, 'exit code 1');
    await ready;
    await workers.all('ready');
    expect(workers.aliveCount).toBe(1);
  });

  it('are lost once, when they end before their final report, or crash', () => {
    const { workers, lost, report, end } = twoWorkers();
    report(0, { type: 'crash', message: 'a bug' });
    end(0, 'exit code 1');
    workers.postAll({ type: 'finish' });
    report(1, FINAL);
    end(1, 'exit code 0');
    expect(lost).toEqual([[0, 'a bug']]);
  });

  it('get no message and no signal after their end', () => {
    const { workers, posted, end } = twoWorkers();
    end(0, 'exit code 1');
    workers.postAll({ type: 'connect' });
    workers.kill();
    expect(posted).toEqual(['1 connect', '1 killed']);
    expect(workers.pids).toEqual([1, 2]);
  });
});
