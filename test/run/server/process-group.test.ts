import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ProcessGroup, readLines } from '../../../src/run/server/process-group.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { NO_PROC } from '../../support/proc.ts';

skipWhenMissing(NO_PROC);

/** Lines that are read from chunks of a stream that then ends. */
async function linesOf(chunks: readonly string[], maxLength = 10): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, maxLength, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.once('end', resolve));
  return lines;
}

describe('the lines of a stream', () => {
  it.each<[what: string, chunks: string[], lines: string[]]>([
    ['are split anywhere', ['a', 'b\nc', '\nd\n'], ['ab', 'c', 'd']],
    ['end with either line break', ['a\r\nb\nc'], ['a', 'b', 'c']],
    ['may be empty', ['\n\na\n'], ['', '', 'a']],
    [
      'are cut when they are too long',
      ['0123456789abc', 'def', 'ghi\nj', 'k\nl'],
      ['0123456789abc', 'jk', 'l'],
    ],
  ])('%s', async (_, chunks, lines) => {
    expect(await linesOf(chunks)).toEqual(lines);
  });
});

describe('the last error of a process', () => {
  it.each([
    [
      'prints its fields',
      "e.rows = Array.from({ length: 100 }, (_, i) => ({ i, list: Array(9).fill('x'.repeat(30)) })); throw e",
    ],
    [
      'goes on printing',
      "console.error(e); for (let i = 0; i < 3000; i++) console.log('worker ended'); process.exitCode = 1",
    ],
  ])('is found when it %s, however much that is', async (_, end) => {
    const program = `const e = new Error('database gone');\n${end}`;
    const [file, args] = [process.execPath, ['-e', program]];
    const group = new ProcessGroup([file, args], { cwd: process.cwd(), env: process.env, ipc: false });
    expect(await group.gone).toBe('exit code 1');
    await group.stop();
    expect(group.lastLines.join()).not.toContain('database gone');
    expect(group.lastError).toMatch(/^Error: database gone/);
  });
});

describe('the output of a process', () => {
  it('is kept to its last lines, without control characters', async () => {
    const program = `for (let i = 0; i < 500; i++) console.log('line', i);
      console.log('\\u001b[31m' + 'x'.repeat(1000)); console.log('##[group]\\u0007\\u202e'); process.exitCode = 3;`;
    const group = new ProcessGroup([process.execPath, ['-e', program]], {
      cwd: process.cwd(),
      env: process.env,
      ipc: false,
    });
    expect(await group.gone).toBe('exit code 3');
    await group.stop();
    const lines = group.lastLines;
    expect(lines).toHaveLength(200);
    expect(group.lastText.split('\n')).toHaveLength(24);
    expect(lines).toContain('line 499');
    expect(lines).toContain('#\\x23[group]\\x07\\u202e');
    expect(lines).toContain(`${'x'.repeat(300)}\u2026 (700 more characters)`);
  });
});
