import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { forkRun, SpareProcess } from '../../src/cli/spare-process.ts';

const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'];
const OTHER = [...NODE, '--no-memory-reducer'];

const spares: SpareProcess[] = [];
const children: ChildProcess[] = [];

afterEach(() => {
  for (const spare of spares.splice(0)) spare.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Keeps the processes that are started, which end after the test. */
function spareProcess(): { spare: SpareProcess; forked: readonly ChildProcess[] } {
  const forked: ChildProcess[] = [];
  const spare = new SpareProcess((command) => {
    const child = forkRun(command);
    forked.push(child);
    children.push(child);
    return child;
  });
  spares.push(spare);
  return { spare, forked };
}

describe('the process of the next run', () => {
  it('is the one that was prepared, and waits for its run', async () => {
    const { spare, forked } = spareProcess();
    spare.prepare(NODE);
    spare.prepare(NODE);
    const child = spare.take(NODE);
    expect(forked).toEqual([child]);
    child.send({ type: 'run', plan: {} });
    const [answer] = await once(child, 'message');
    expect(answer.type).toBe('failed');
  });

  it('is a new one for each run', () => {
    const { spare, forked } = spareProcess();
    spare.prepare(NODE);
    expect(spare.take(NODE)).not.toBe(spare.take(NODE));
    expect(forked).toHaveLength(2);
  });

  it('is a new one for another command, and the prepared one is ended', async () => {
    const { spare, forked } = spareProcess();
    spare.prepare(NODE);
    const ended = once(forked[0] ?? process, 'exit');
    expect(spare.take(OTHER).spawnargs).toContain('--no-memory-reducer');
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('is a new one where the prepared one has ended', async () => {
    const { spare, forked } = spareProcess();
    spare.prepare(NODE);
    forked[0]?.kill('SIGKILL');
    await once(forked[0] ?? process, 'exit');
    expect(spare.take(NODE)).toBe(forked[1]);
  });

  it('is a new one where the prepared one could not be started', async () => {
    const { spare, forked } = spareProcess();
    spare.prepare(['/no/such/node']);
    const [error] = await once(forked[0] ?? process, 'error');
    expect(error.code).toBe('ENOENT');
    expect(spare.take(NODE)).toBe(forked[1]);
  });

  it('is ended with the work', async () => {
    const { spare, forked } = spareProcess();
    spare.prepare(NODE);
    const ended = once(forked[0] ?? process, 'exit');
    spare.close();
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});
