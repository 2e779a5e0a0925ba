/** Captures the loopback traffic of one port with tcpdump, which needs root or the right to capture. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** The kernel keeps this much of what is captured until it is written, in KiB. */
const BUFFER_KIB = 65_536;

/** Resolves when a process has said something on stderr, or has ended; returns what it has said. */
export async function saidBy(child: ChildProcess, text: string): Promise<string> {
  let all = '';
  const heard = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
  });
  await Promise.race([
    heard,
    once(child, 'close'),
    once(child, 'error').then(([error]) => {
      all += String(error);
    }),
  ]);
  return all;
}

/**
 * Starts to capture into a file; returns what ends it. Rejects with the words of tcpdump where nothing can be captured.
 */
export async function startCapture(file: string, port: number): Promise<() => Promise<void>> {
  const flags = [
    '-i',
    'lo',
    '-w',
    file,
    '--time-stamp-precision=nano',
    '--immediate-mode',
    '-B',
    String(BUFFER_KIB),
    '-U',
    '-s',
    '0',
  ];
  const child = spawn('tcpdump', [...flags, `tcp port ${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = await saidBy(child, 'listening on');
  if (!said.includes('listening on')) throw new Error(`no traffic can be captured here: ${said.trim()}`);
  const ended = once(child, 'exit');
  return async () => {
    // What lies in the kernel is still to be written.
    await sleep(500);
    child.kill('SIGINT');
    await ended;
  };
}
