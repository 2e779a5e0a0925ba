import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileNameOf, jsonPieces, requireWritable, writeAtomically } from '../../src/result/store.ts';

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

describe('a name from data', () => {
  it.each([
    ['room-fanout', 'room-fanout'],
    ['../../../x', 'x'],
    ['/etc/passwd', 'etc-passwd'],
    ['..', 'unnamed'],
    ['', 'unnamed'],
    ['.hidden', 'hidden'],
    ['a\0b\n\u202ec', 'a-b-c'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['console', 'console'],
    ['C:\\x', 'C-x'],
    ['b\u00fccher', 'b-cher'],
    ['-rf', 'rf'],
    ['\ud83d\ude00', 'unnamed'],
    ['x'.repeat(300), 'x'.repeat(60)],
  ])('%j becomes %s', (text, expected) => {
    expect(fileNameOf(text)).toBe(expected);
  });

  it('is one name in the folder, of limited length, whatever the parts are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { minLength: 1, maxLength: 4 }),
        (parts) => {
          const name = fileNameOf(...parts);
          expect(name).toMatch(/^[\w-][\w.-]*$/);
          expect(name.length).toBeLessThanOrEqual(4 * 61);
        },
      ),
    );
  });
});

describe('writing', () => {
  it('replaces a symbolic link instead of the file that it leads to', async () => {
    const home = await emptyFolder();
    await writeFile(join(home, 'outside.txt'), 'kept');
    await symlink('outside.txt', join(home, 'a.txt'));
    await writeAtomically(join(home, 'a.txt'), 'new');
    expect(await readFile(join(home, 'outside.txt'), 'utf8')).toBe('kept');
    expect((await lstat(join(home, 'a.txt'))).isSymbolicLink()).toBe(false);
  });

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

describe('a document in pieces', () => {
  it('is that of JSON.stringify', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (document) => {
        expect([...jsonPieces(document)].join('')).toBe(JSON.stringify(document));
      }),
    );
    expect([...jsonPieces({ a: undefined, b: [1, [2]] })].join('')).toBe('{"b":[1,[2]]}');
  });

  it('is written as a whole', async () => {
    const path = join(await emptyFolder(), 'document.json');
    const document = { list: Array.from({ length: 1000 }, (_, number) => ({ number })), text: '\u00e4' };
    await writeAtomically(path, jsonPieces(document));
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(document);
  });
});
