import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadFiles, writeFiles } from '../support/user-files.ts';

const url = (path: string) => pathToFileURL(join(import.meta.dirname, '../../src/user-files', path)).href;

/** Runs code in a process of its own, which is killed after 20 s, and returns what it printed. */
function printed(code: string): string {
  const args = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', code];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' })
    .stdout;
}

/** The outcome of loading a file with a limit of half a second. */
function outcomeOfLoading(text: string): string {
  const file = pathToFileURL(join(writeFiles({ 'file.mjs': text }), 'file.mjs')).href;
  return printed(`
    import { watchLoad } from ${JSON.stringify(url('process-guard.ts'))};
    const loaded = await watchLoad(${JSON.stringify(file)}, () => import(${JSON.stringify(file)}), 500).catch(String);
    console.log(typeof loaded === 'string' ? loaded : loaded.default);
    process.exit();`).trim();
}

describe('a file of the user', () => {
  it.each([
    ['with an endless loop', 'while (true);'],
    ['with an endless loop after a top-level await', 'await 1; for (;;);'],
    [
      'with an endless loop in a function that catches errors',
      'const spin = () => { try { for (;;); } catch {} finally { spin(); } }; spin();',
    ],
    ['that waits for too long', 'await new Promise((resolve) => setTimeout(resolve, 60_000));'],
  ])('%s is given up', (_, text) => {
    expect(outcomeOfLoading(`${text}\nexport default 'loaded';`)).toBe(
      'Error: it was not loaded within 500ms',
    );
  });

  it.each([
    ['a folder', /^file\.ts is a folder$/],
    ['a named pipe', /^file\.ts is not a regular file$/],
    ['too large', /^file\.ts has 16\.\d MiB; the maximum is 16 MiB$/],
  ])('that is %s is refused before it is read', async (what, message) => {
    const folder = writeFiles(what === 'a folder' ? { 'file.ts/other.ts': '' } : {});
    const path = join(folder, 'file.ts');
    if (what === 'a named pipe') spawnSync('mkfifo', [path]);
    if (what === 'too large') writeFileSync(path, Buffer.alloc(16.5 * 1024 ** 2));
    const [loaded] = await loadFiles('module', folder, ['file.ts']);
    expect(loaded?.error).toMatchObject({ code: 'BROKEN_FILE', exitCode: 2 });
    expect(loaded?.error?.message).toMatch(message);
  });

  it('that loads in time is not interrupted later', () => {
    expect(outcomeOfLoading('export default 1;')).toBe('1');
  });
});

/** What comes of work with a limit of half a second. */
function outcomeOfWork(work: string): string {
  return printed(`
    import { withinLimit } from ${JSON.stringify(url('interrupt.ts'))};
    const work = () => { ${work} };
    const outcome = withinLimit(['a.ts', 'b.ts'], work, 500);
    console.log(await outcome.catch(({ code, message }) => [code, message].join(': ')));`).trim();
}

describe('work that calls functions of the user', () => {
  it('returns what they return, or throws what they throw', () => {
    expect(outcomeOfWork('return 42;')).toBe('42');
    expect(outcomeOfWork("throw new Error('no');")).toBe(': no');
  });

  it('that does not return is given up, and the files are named', () => {
    expect(outcomeOfWork('for (;;);')).toBe(
      'USER_CODE_HANGS: a function of a.ts and b.ts did not return within 500ms',
    );
  });

  it('without a file of the user runs at once', () => {
    const code = `
      import { withinLimit } from ${JSON.stringify(url('interrupt.ts'))};
      console.log(await withinLimit([], () => 'done', 0));`;
    expect(printed(code).trim()).toBe('done');
  });
});
