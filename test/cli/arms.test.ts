import { describe, expect, it } from 'vitest';
import { parseArm, parseArms } from '../../src/cli/arms.ts';
import { SockbenchError } from '../../src/errors.ts';
import { thrownBy } from '../thrown.ts';

describe('an arm', () => {
  it.each([
    ['ws', 'ws', { target: 'ws' }],
    ['polling: socketio --transport polling', 'polling', { target: 'socketio', transport: 'polling' }],
    ['socketio --transport polling', 'socketio polling', { target: 'socketio', transport: 'polling' }],
    ["new: --exec 'node new.js --port 3000'", 'new', { exec: 'node new.js --port 3000' }],
    ['--clients 50', '50', { clients: '50' }],
    ['ws://127.0.0.1:3000', 'ws://127.0.0.1:3000', { target: 'ws://127.0.0.1:3000' }],
    ['a: http://127.0.0.1:3000', 'a', { target: 'http://127.0.0.1:3000' }],
    ['v22: ws --runtime "/opt/node 22/bin/node"', 'v22', { target: 'ws', runtime: '/opt/node 22/bin/node' }],
    ['--exclude-sender', '--exclude-sender', { excludeSender: true }],
  ])('reads "%s"', (spec, name, flags) => {
    expect(parseArm(spec)).toEqual({ name, spec, flags });
  });

  it.each([
    ['', '--arm "": it is empty'],
    ['ws --tranport polling', "unknown option '--tranport'"],
    ['ws socketio', 'too many arguments'],
    ['ws --config other.ts', "unknown option '--config'"],
    ['ws --clients', "option '--clients <N>' argument missing"],
  ])('refuses "%s"', (spec, message) => {
    const error = thrownBy(() => parseArm(spec));
    expect(error).toBeInstanceOf(SockbenchError);
    expect((error as SockbenchError).code).toBe('BAD_ARM');
    expect((error as SockbenchError).message).toContain(message);
  });

  it('needs another arm, with another name', () => {
    expect((thrownBy(() => parseArms([])) as SockbenchError).message).toMatch(
      /needs at least two arms; 0 given/,
    );
    expect((thrownBy(() => parseArms(['ws'])) as SockbenchError).message).toMatch(
      /needs at least two arms; 1 given/,
    );
    const twice = thrownBy(() => parseArms(['ws', 'ws'])) as SockbenchError;
    expect(twice.message).toContain('another arm has the name "ws"');
    expect(twice.hint).toBe("Name them: --arm 'before: ws'.");
  });
});
