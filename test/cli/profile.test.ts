import { describe, expect, it } from 'vitest';
import { runFake } from './fake-cli.ts';

const STARTED = ['--target', 'ws://127.0.0.1:1', '--exec', 'node new.js', '--profile'];

describe('--profile is refused before anything starts', () => {
  it.each<[args: string[], message: string]>([
    [
      ['run', 'ack-roundtrip', '--target', 'bun-ws', '--profile'],
      '--profile requires a server on Node.js; bun-ws runs on Bun',
    ],
    [
      ['run', 'ack-roundtrip', '--target', 'ws://127.0.0.1:1', '--profile'],
      '--profile requires a server that sockbench starts; ws://127.0.0.1:1 already runs\nGive --exec CMD',
    ],
    [['gate', 'ack-roundtrip', ...STARTED, '--base-exec', 'node old.js'], 'gate does not take --profile'],
    [['capacity', 'ack-roundtrip', ...STARTED], 'capacity does not take --profile'],
    [['calibrate', 'ack-roundtrip', ...STARTED], 'calibrate does not take --profile'],
    [
      ['compare', 'ack-roundtrip', '--arm', 'ws', '--arm', 'b: socketio --profile'],
      '--arm "b: socketio --profile": a server is slower with a profiler, so an arm has no --profile of its own',
    ],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runFake(...args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});
