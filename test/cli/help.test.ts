import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../../scenarios/index.ts';
import { groupOf, OTHER_GROUP } from '../../src/cli/help-groups.ts';
import { createProgram, runCli } from '../../src/cli/program.ts';
import { flagOf } from '../../src/contract/options.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { FakeCli } from './fake-cli.ts';

/** Two screens of 80x24. */
const TWO_SCREENS = 48;

const program = createProgram(new FakeCli([]), () => {});
const names = program.commands.map((command) => command.name());
const ofScenarios = program.commands.filter(
  (command) => command.registeredArguments[0]?.name() === 'scenario',
);
const withScenarios = ofScenarios.flatMap((command) =>
  scenarios.map((scenario) => [command.name(), scenario.name]),
);

async function help(args: readonly string[], width = 80): Promise<string> {
  const cli = new FakeCli(args, { outWidth: width });
  const exitCode = await runCli(cli);
  expect([exitCode, cli.stderr]).toEqual([0, '']);
  return cli.stdout;
}

const linesOf = (text: string) => text.trimEnd().split('\n');
const flagsIn = (text: string) => new Set(text.match(/--[a-z][a-z-]*/g));

describe.each([80, 60, 46])('help in %s columns', (width) => {
  const all = [[], ...names.map((name) => [name]), ...(width === 80 ? withScenarios : [])];

  it('has no longer line, unless it is one word', async () => {
    for (const words of all) {
      for (const asked of ['--help', '--help-all']) {
        const long = linesOf(await help([...words, asked], width)).filter(
          (line) => line.length > width && line.trim().includes(' '),
        );
        expect([words, long]).toEqual([words, []]);
      }
    }
  });
});

it('help has the same words in every width', async () => {
  const wordsIn = (text: string) => text.split(/[\s\\]+/).filter((word) => word !== '');
  for (const name of names) {
    const wide = wordsIn(await help([name, '--help-all'], 100));
    for (const width of [80, 60, 46]) expect(wordsIn(await help([name, '--help-all'], width))).toEqual(wide);
  }
});

it('help is as wide as the terminal, 100 columns at most', async () => {
  expect(await help(['run', '--help'], 500)).toBe(await help(['run', '--help'], 100));
  expect(await help(['run', '--help'], 80)).not.toBe(await help(['run', '--help'], 100));
});

describe('help of run', () => {
  it.each([['run'], ...withScenarios.filter(([command]) => command === 'run')])(
    'fits two screens: %s %s',
    async (...words) => {
      const shown = await help([...words.filter((word) => word !== undefined), '--help']);
      expect(linesOf(shown).length).toBeLessThanOrEqual(TWO_SCREENS);
    },
  );
});

describe('--help-all', () => {
  it.each(program.commands.map((command) => [command.name(), command] as const))(
    'of %s describes every option, in a group',
    async (name, command) => {
      const own = command.options.filter(({ hidden }) => !hidden);
      const shown = await help([name, '--help-all']);
      const text = shown.replaceAll(/\s+/g, ' ');
      for (const { flags, description } of own) expect(text).toContain(`${flags} ${description}`);
      const ungrouped = own.filter((option) => groupOf(option.attributeName()) === OTHER_GROUP);
      expect(ungrouped.map(({ long }) => long)).toEqual([]);
    },
  );

  it('adds options to those of --help', async () => {
    const [usual, all] = [await help(['run', '--help']), await help(['run', '--help-all'])];
    expect(usual).not.toContain('--redis-adapter');
    expect(all).toContain('--redis-adapter');
    const hidden = Number(/--help-all shows (\d+) more options/.exec(usual)?.[1]);
    expect(flagsIn(all).size - flagsIn(usual).size).toBeGreaterThanOrEqual(hidden - 1);
    for (const name of Object.keys(PLAN_OPTIONS)) expect(all).toContain(`${flagOf(name)}`);
  });
});

describe('a scenario that is named', () => {
  const isOwn = (flag: string) =>
    scenarios.some(({ options }) => Object.keys(options).map(flagOf).includes(flag));

  it.each(withScenarios)(
    'in help of %s %s shows its own options and those of no other',
    async (command = '', name = '') => {
      const own = Object.keys(scenarios.find((scenario) => scenario.name === name)?.options ?? {}).map(
        flagOf,
      );
      const shown = [...flagsIn((await help([command, name, '--help'])).split('\nExample')[0] ?? '')];
      expect(shown.filter(isOwn).toSorted()).toEqual(own.toSorted());
    },
  );

  it('may stand after other flags', async () => {
    const shown = await help([
      'run',
      '--target',
      './sockbench.target.ts',
      '--rate',
      '5/s',
      'room-fanout',
      '-h',
    ]);
    expect(shown).toBe(await help(['run', 'room-fanout', '--help']));
    expect(await help(['help', 'run', 'room-fanout'])).toBe(shown);
  });

  it('shows its defaults', async () => {
    expect(await help(['run', 'polling-vs-push', '--help'])).toContain('number of rooms (default: 5)');
    expect(await help(['run', 'upgrade', '--help'])).toContain('long-polling (default: upgrade)');
    expect(await help(['run', 'idle', '--help'])).toContain('connections (default: 1000)');
    expect(await help(['run', '--help'])).toContain('connections (default: 200)');
  });

  it('may be a file, whose options are given by --option', async () => {
    const file = join(temporaryFolder(), 'chat.scenario.mjs');
    writeFileSync(
      file,
      `export default {
        name: 'chat-visit', summary: 'a visit', headline: 'delivery',
        options: { items: { value: 'N', default: '2', summary: 'items of a visit', parse: Number } },
        layout: () => ({ rooms: [], streams: [] }),
      };`,
    );
    const shown = await help(['run', file, '--help']);
    expect(shown).toContain(`Options of chat-visit:\n  --option items=<N>  items of a visit (default: 2)\n`);
    expect(shown).toContain('chat-visit: a visit');
  });

  it('that does not exist is an error with a suggestion', async () => {
    const cli = new FakeCli(['run', 'rooms', '--help']);
    expect(await runCli(cli)).toBe(2);
    expect(cli.stdout).toBe('');
    expect(cli.stderr).toMatch(/^error: there is no scenario "rooms"; .*\nDid you mean room-fanout\?\n$/);
  });
});
