import { beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_FILES, loadConfig } from '../../src/user-files/config-file.ts';
import { invalidMessage, type Loaded, loadTexts } from '../support/user-files.ts';

const REFUSED: ReadonlyArray<readonly [config: string, problem: string]> = [
  ['null', 'Invalid input: expected object, received null'],
  ["{ rat: '5/s' }", 'Unrecognized key: "rat"'],
  ['{ rooms: 5 }', 'Unrecognized key: "rooms"'],
  ['{ clients: [5] }', 'clients: expected text, a number, true or false'],
  [
    "{ scenarios: { 'room-fanout': 5 } }",
    'scenarios["room-fanout"]: Invalid input: expected record, received number',
  ],
  [
    "{ scenarios: { 'room-fanout': { rooms: [5] } } }",
    'scenarios["room-fanout"].rooms: expected text, a number, true or false',
  ],
  ["{ threshold: 'lost==0' }", 'threshold: Invalid input: expected array, received string'],
  ['{ threshold: [5] }', 'threshold[0]: Invalid input: expected string, received number'],
  ['{ out: 5 }', 'out: Invalid input: expected string, received number'],
];

const NOTHING = { given: {}, scenarios: {}, threshold: [] };

const TAKEN: ReadonlyArray<readonly [config: string, loaded: object]> = [
  ['{}', NOTHING],
  [
    "{ clients: 5, rate: '5/s', pin: 'off', seed: 0 }",
    { ...NOTHING, given: { clients: '5', rate: '5/s', pin: 'off', seed: '0' } },
  ],
  [
    "{ scenarios: { 'room-fanout': { rooms: 3, excludeSender: true } } }",
    { ...NOTHING, scenarios: { 'room-fanout': { rooms: '3', excludeSender: 'true' } } },
  ],
  [
    "{ threshold: ['lost==0'], out: 'results', format: 'json' }",
    { ...NOTHING, threshold: ['lost==0'], out: 'results', format: 'json' },
  ],
];

describe('a config', () => {
  let refused: Loaded[];
  let taken: Loaded[];

  beforeAll(async () => {
    const textsOf = (list: typeof REFUSED | typeof TAKEN) =>
      list.map(
        ([config]) => `import { defineConfig } from 'sockbench';\nexport default defineConfig(${config});`,
      );
    [refused, taken] = await Promise.all([
      loadTexts('config', textsOf(REFUSED)),
      loadTexts('config', textsOf(TAKEN)),
    ]);
  });

  it.each(REFUSED.map(([config, problem], index) => [config, problem, index] as const))(
    'of %s is refused: %s',
    (_, problem, index) => {
      expect(refused[index]?.error).toMatchObject({
        code: 'BAD_CONFIG',
        message: invalidMessage(`file-${index}.ts`, 'config', [problem]),
        hint: problem.includes('"rat"')
          ? 'Did you mean rate?'
          : expect.stringMatching(/^Its keys are the flags of sockbench run in camelCase/),
        exitCode: 2,
      });
    },
  );

  it.each(TAKEN.map(([config, loaded], index) => [config, loaded, index] as const))(
    'of %s is read as text',
    (_, loaded, index) => {
      expect(taken[index]).toEqual({ value: { file: `file-${index}.ts`, ...loaded } });
    },
  );

  it('may be missing unless it was named', async () => {
    // Nothing of the kind lies in this project's own folder, where tests run.
    expect(CONFIG_FILES).toContain('sockbench.config.ts');
    expect(await loadConfig(null)).toEqual({
      file: null,
      ...NOTHING,
      out: undefined,
      format: undefined,
    });
    await expect(loadConfig('not-there.ts')).rejects.toMatchObject({
      code: 'NO_SUCH_FILE',
      message: 'the file not-there.ts does not exist',
      hint: 'sockbench init writes a config to start from.',
    });
  });
});
