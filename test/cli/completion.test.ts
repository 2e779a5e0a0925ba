import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../../scenarios/index.ts';
import { servers } from '../../servers/index.ts';
import { createProgram } from '../../src/cli/program.ts';
import { flagOf } from '../../src/contract/options.ts';
import { TRANSPORTS } from '../../src/contract/target.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { FakeCli, runFake } from './fake-cli.ts';

const folder = temporaryFolder();
const commands = createProgram(new FakeCli([]), () => {}).commands.map((command) => command.name());
const scenarioNames = scenarios.map(({ name }) => name);
const ownFlags = (name: string) =>
  Object.keys(scenarios.find((scenario) => scenario.name === name)?.options ?? {}).map(flagOf);

async function scriptOf(shell: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runFake('completion', shell);
  expect([exitCode, stderr]).toEqual([0, '']);
  const path = join(folder, shell);
  writeFileSync(path, stdout);
  return path;
}

/** Whether a shell is installed. */
function has(shell: string): boolean {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  if (!isThere) process.stderr.write(`completion is not run in ${shell}, which is not installed\n`);
  return isThere;
}

/** Asks for the completions of several lines, whose last word is completed. Returns them without paths. */
type Complete = (path: string, lines: readonly string[]) => string[][];

const inBash: Complete = (path, lines) => {
  const asked = lines.map(
    (line) =>
      `complete_line ${line
        .split(' ')
        .map((word) => `'${word}'`)
        .join(' ')}`,
  );
  const script = `cd '${folder}'; source '${path}'
    complete_line() {
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _sockbench 2>/dev/null; echo "\${COMPREPLY[*]}"
    }
    ${asked.join('\n')}`;
  const printed = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  return printed
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split(' ').filter((word) => word !== ''));
};

const inFish: Complete = (path, lines) => {
  const asked = lines.map((line) => `complete -C '${line}'; echo ---`);
  const script = `cd '${folder}'; source '${path}'; ${asked.join('; ')}`;
  const printed = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
  const groups = printed.split('---\n').slice(0, -1);
  return groups.map((group) => group.split('\n').flatMap((line) => line.split('\t')[0] || []));
};

/** Paths in the working folder stand beside the words. */
const FILES = ['bash', 'zsh', 'fish'];

const SHELLS: ReadonlyArray<readonly [string, Complete]> = [
  ['bash', inBash],
  ...(has('fish') ? [['fish', inFish] as const] : []),
];

describe.each(SHELLS)('completion in %s', (shell, complete) => {
  const at = async (...lines: readonly string[]) => {
    const found = complete(await scriptOf(shell), lines);
    expect(found).toHaveLength(lines.length);
    return found.map((words) => words.filter((word) => !FILES.includes(word)).toSorted());
  };

  it('offers commands, scenarios, servers and allowed values', async () => {
    const [first, scenario, transport, target, gate, serve, on] = await at(
      'sockbench ',
      'sockbench run ',
      'sockbench run --transport ',
      'sockbench compare room-fanout --target ',
      'sockbench gate room-fanout --inconclusive ',
      'sockbench serve ',
      'sockbench run room-fanout --pin ',
    );
    expect(first).toEqual(commands.toSorted());
    expect(scenario).toEqual(scenarioNames.toSorted());
    expect(transport).toEqual([...TRANSPORTS].toSorted());
    expect(target).toEqual(Object.keys(servers).toSorted());
    expect(gate).toEqual(['fail', 'pass']);
    expect(serve).toEqual(Object.keys(servers).toSorted());
    expect(on).toEqual(['off', 'on']);
  });

  it('offers the flags of the command and of the scenario that stands before', async () => {
    const found = await at(...scenarioNames.map((name) => `sockbench run ${name} --`));
    for (const [index, name] of scenarioNames.entries()) {
      const all = new Set(scenarioNames.flatMap(ownFlags));
      expect(found[index]).toContain('--clients');
      expect(found[index]?.filter((flag) => all.has(flag))).toEqual(ownFlags(name).toSorted());
    }
    const [serve] = await at('sockbench serve ws --');
    expect(serve).toContain('--port');
    expect(serve).not.toContain('--clients');
  });

  it('continues a list after its comma', async () => {
    const [run, compare] = await at(
      'sockbench run room-fanout --format text,hl',
      'sockbench compare room-fanout --format text,jun',
    );
    expect([run, compare]).toEqual([['text,hlog'], ['text,junit']]);
  });

  it('offers nothing for a value that is free', async () => {
    expect(await at('sockbench run room-fanout --clients ', 'sockbench list ')).toEqual([[], []]);
  });
});

it('completion in bash takes --flag=value', async () => {
  // bash makes three words of it.
  expect(inBash(await scriptOf('bash'), ['sockbench run --transport = pol'])).toEqual([['polling']]);
});

it.each([['bash'], ...['zsh', 'fish'].filter(has).map((shell) => [shell])])(
  'the completion script is valid in %s',
  async (shell) => {
    const { status, stderr } = spawnSync(shell, ['-n', await scriptOf(shell)], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  },
);

it.each(['bash', 'zsh', 'fish'])(
  'the completion script of %s has every flag of every command',
  async (shell) => {
    const { stdout } = await runFake('completion', shell);
    const program = createProgram(new FakeCli([]), () => {});
    const flags = program.commands.flatMap(({ options }) => options.filter(({ hidden }) => !hidden));
    const expected = [...flags.map(({ long }) => long ?? ''), ...scenarioNames.flatMap(ownFlags)];
    const written = (flag: string) => (shell === 'fish' ? `-l ${flag.slice(2)} ` : flag);
    expect(expected.filter((flag) => !stdout.includes(written(flag)))).toEqual([]);
  },
);

it('completion of another shell is an error that lists the shells', async () => {
  expect(await runFake('completion', 'tcsh')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'error: completion: "tcsh" is not one of bash, zsh, fish\nChoose bash, zsh or fish.\n',
  });
});
