import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireWritable, writeAtomically } from '../../src/result/store.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockbench-store-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** An empty folder of its own. */
async function emptyFolder(): Promise<string> {
  return await mkdtemp(join(folder, 'case-'));
}

describe('writing', () => {
  it('puts the whole text where it belongs, and nothing beside it', async () => {
    const home = await emptyFolder();
    await writeAtomically(join(home, 'a.txt'), 'Grüße\n');
    expect(await readdir(home)).toEqual(['a.txt']);
    expect(await readFile(join(home, 'a.txt'), 'utf8')).toBe('Grüße\n');
  });

  it('replaces a file that was there', async () => {
    const home = await emptyFolder();
    await writeAtomically(join(home, 'a.txt'), 'a long first text');
    await writeAtomically(join(home, 'a.txt'), 'short');
    expect(await readdir(home)).toEqual(['a.txt']);
    expect(await readFile(join(home, 'a.txt'), 'utf8')).toBe('short');
  });

  it('leaves nothing behind when the name is taken by a folder', async () => {
    const home = await emptyFolder();
    await mkdir(join(home, 'taken'));
    await writeFile(join(home, 'taken', 'kept.txt'), 'kept');
    await expect(writeAtomically(join(home, 'taken'), 'text')).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM/);
    expect(await readdir(home)).toEqual(['taken']);
    expect(await readdir(join(home, 'taken'))).toEqual(['kept.txt']);
  });

  it('fails in a folder that is not there', async () => {
    const home = await emptyFolder();
    await expect(writeAtomically(join(home, 'nowhere', 'a.txt'), 'text')).rejects.toThrow(/ENOENT/);
    expect(await readdir(home)).toEqual([]);
  });

  it('never shows a reader half a file', async () => {
    const path = join(await emptyFolder(), 'a.txt');
    // Larger than one write of the kernel's, so that writing in place would show its parts.
    const texts = ['a', 'b'].map((letter) => letter.repeat(3_000_000));
    await writeAtomically(path, texts[0] ?? '');
    let writing = true;
    const write = async () => {
      for (let round = 1; round <= 12; round++) await writeAtomically(path, texts[round % 2] ?? '');
    };
    const written = write().finally(() => {
      writing = false;
    });
    while (writing) {
      const text = await readFile(path, 'utf8');
      expect(text === texts[0] || text === texts[1]).toBe(true);
    }
    await written;
  });
});

describe('a folder for reports', () => {
  it('is made, with those above it, and left empty', async () => {
    const home = join(await emptyFolder(), 'deep', 'er');
    await requireWritable(home);
    expect(await readdir(home)).toEqual([]);
    await requireWritable(home);
    expect(await readdir(home)).toEqual([]);
  });

  it('may be made by somebody else at the same time', async () => {
    const home = join(await emptyFolder(), 'deep', 'er');
    await Promise.all(Array.from({ length: 20 }, () => requireWritable(home)));
    expect(await readdir(home)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('is refused where nothing can be made: below /proc', async () => {
    await expect(requireWritable('/proc/reports/today')).rejects.toMatchObject({
      code: 'OUT_UNWRITABLE',
      message: expect.stringMatching(/^the folder \/proc\/reports\/today cannot be written to: E/),
    });
  });

  it('is an error when it is a file, or lies below one', async () => {
    const file = join(await emptyFolder(), 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'below')]) {
      await expect(requireWritable(path)).rejects.toMatchObject({
        code: 'OUT_UNWRITABLE',
        message: expect.stringMatching(/^the folder .*file.* cannot be written to: E(EXIST|NOTDIR)/),
        hint: 'Choose another with --out DIR.',
        exitCode: 2,
      });
    }
  });
});
