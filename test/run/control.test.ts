import { describe, expect, it } from 'vitest';
import { RunControl } from '../../src/run/control.ts';
import { VirtualTime } from '../support/virtual-time.ts';

const NEVER = new Promise<never>(() => {});

function open() {
  const time = new VirtualTime();
  const user = new AbortController();
  return { time, user, control: new RunControl(time, time, user.signal) };
}

describe('a wait', () => {
  it('ends with the work, with the run, or after its timeout', async () => {
    const { time, control } = open();
    expect(await time.run(control.until(time.sleep(10), 20))).toBe('done');
    expect(await time.run(control.until(NEVER, 20))).toBe('timeout');
    time.after(5, () => control.abort('server_died', 'it is gone'));
    expect(await time.run(control.until(NEVER, 20))).toBe('aborted');
    expect(await time.run(control.until(NEVER, 20))).toBe('aborted');
    expect(await time.run(control.within(NEVER, 20))).toBe('timeout');
  });

  it('leaves no timer behind when the run is closed', async () => {
    const { time, control } = open();
    void control.until(NEVER, 3.6e6);
    control.close();
    await expect(time.run(NEVER)).rejects.toThrow('nothing is left to wait for');
  });
});

describe('a run', () => {
  it('is aborted for the reason that came first, and keeps the others', () => {
    const { user, control } = open();
    expect(() => control.requireNotAborted()).not.toThrow();
    control.abort('worker_died', 'signal SIGKILL');
    user.abort();
    expect(control.abortReasons.map(({ code }) => code)).toEqual(['worker_died', 'interrupted']);
    expect(() => control.requireNotAborted()).toThrow('nothing was measured: signal SIGKILL');
  });

  it('that the user had stopped before is aborted from the start', () => {
    const { time, user } = open();
    user.abort();
    expect(new RunControl(time, time, user.signal).isAborted).toBe(true);
  });

  it('records how long each phase took', async () => {
    const { time, control } = open();
    await time.run(control.timed('connect', () => time.sleep(40)));
    await time.run(control.timed('drain', () => time.sleep(7)));
    expect(control.timing).toMatchObject({ startMs: 0, connectMs: 40, drainMs: 7 });
    expect(control.phase).toBe('drain');
  });
});
