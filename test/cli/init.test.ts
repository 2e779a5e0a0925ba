import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/sockbench.ts';
import { runFake } from './fake-cli.ts';

describe('init', () => {
  it('makes the folders that it needs, and keeps what is there', async () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    expect(await runFake('init', folder)).toMatchObject({ exitCode: 0, stderr: '' });
    const again = await runFake('init', folder);
    expect(again.stdout.match(/^kept {3}/gm)).toHaveLength(4);
  });

  it('says how to install sockbench where it is not installed, and never by its name', async () => {
    const folder = temporaryFolder();
    const install = `npm install --save-dev ./$(npm pack --silent ${join(import.meta.dirname, '../..')}/)`;
    expect((await runFake('init', folder)).stdout).toContain(
      `  1. Install sockbench in the project:\n       ${install}\n`,
    );

    mkdirSync(join(folder, 'node_modules/sockbench'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/sockbench/package.json'), '{}');
    const { stdout } = await runFake('init', join(folder, 'packages/server'));
    expect(stdout).not.toContain('npm install');
    expect(stdout).toContain('  1. Set the URL');
    expect(stdout).toContain('  3. npx --no-install sockbench run broadcast-latency\n');
  });

  it('writes modules whatever the project is, and a workflow that starts with tolerance', async () => {
    const folder = temporaryFolder();
    await runFake('init', folder);
    const targets = readdirSync(folder).filter((name) => name.startsWith('sockbench.'));
    expect(targets).toEqual(['sockbench.config.mts', 'sockbench.scenario.mts', 'sockbench.target.mts']);
    const workflow = readFileSync(join(folder, '.github/workflows/sockbench.yml'), 'utf8');
    expect(workflow).toMatch(/run: npx --no-install sockbench gate .* --inconclusive pass /);
  });

  it('where .github is a file writes the rest, and names what it could not write', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, '.github'), '');
    const { exitCode, stdout, stderr } = await runFake('init', folder);
    expect(exitCode).toBe(2);
    expect(stdout.match(/^wrote {2}/gm)).toHaveLength(3);
    expect(stderr).toMatch(
      /^error: \S+sockbench\.yml could not be written: (EEXIST|ENOTDIR).*\nGive the folder/,
    );
  });

  it.each(['file', 'file/below', '/proc/self/none', '/proc', 'a\0b', 'x'.repeat(300)])(
    'in a folder that cannot be written to names it: %j',
    async (name) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'file'), '');
      mkdirSync(join(folder, 'other'));
      const { exitCode, stderr } = await runFake('init', name.startsWith('/') ? name : join(folder, name));
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^error: \S+.* could not be written: .*\nGive the folder/);
      expect(readdirSync(folder).sort()).toEqual(['file', 'other']);
    },
  );
});
