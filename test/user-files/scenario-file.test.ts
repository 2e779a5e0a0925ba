import { beforeAll, describe, expect, it } from 'vitest';
import { invalidMessage, type Loaded, loadTexts } from '../support/user-files.ts';

/** A sound scenario with some of its fields replaced. */
function scenario(replaced: Readonly<Record<string, string>> = {}): string {
  const fields = {
    name: "'mine'",
    summary: "'what it does'",
    headline: "'iteration'",
    options: '{}',
    layout: '() => ({ rooms: [], streams: [] })',
    ...replaced,
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return `export default { ${text.join(', ')} };`;
}

const OPTION = "{ value: 'N', default: '1', summary: '', parse: Number }";

const REFUSED: ReadonlyArray<readonly [text: string, ...problems: string[]]> = [
  [
    'export default {};',
    'name: Invalid input: expected string, received undefined',
    'summary: Invalid input: expected string, received undefined',
    'headline: Invalid input: expected string, received undefined',
    'options: Invalid input: expected record, received undefined',
    'layout: expected a function',
  ],
  ['export default 5;', 'Invalid input: expected object, received number'],
  [scenario({ name: "'My Visit'" }), 'name: expected lower-case letters, digits and hyphens'],
  [scenario({ layouts: '() => ({})' }), 'Unrecognized key: "layouts"'],
  [scenario({ layout: '{}' }), 'layout: expected a function'],
  [scenario({ steps: '[]' }), 'steps: expected a function'],
  [scenario({ summary: '7' }), 'summary: Invalid input: expected string, received number'],
  [scenario({ series: "{ ack: 'mine' }" }), 'series.ack: ack is a reserved name'],
  [scenario({ series: "{ base: 'mine' }" }), 'series.base: base is a reserved name'],
  [scenario({ series: "{ warmup: 'mine' }" }), 'series.warmup: warmup is a reserved name'],
  [scenario({ series: "{ own_actual: 'mine' }" }), 'series.own_actual: own_actual is a reserved name'],
  [
    scenario({ series: "{ 'My-own': 'mine' }" }),
    'series["My-own"]: expected lower-case letters, digits and underscores',
  ],
  [scenario({ series: '{ own: 7 }' }), 'series.own: Invalid input: expected string, received number'],
  [scenario({ options: `{ clients: ${OPTION} }` }), 'options.clients: clients is an option of every run'],
  [
    scenario({ options: "{ items: { value: 'N', default: 1, summary: '', parse: Number } }" }),
    'options.items.default: Invalid input: expected string, received number',
  ],
  [
    scenario({ options: "{ items: { value: 'N', default: '1', summary: '' } }" }),
    'options.items.parse: expected a function',
  ],
  [
    scenario({ defaults: '{ clients: 5 }' }),
    'defaults.clients: Invalid input: expected string, received number',
  ],
  [
    scenario({ defaults: "{ clinets: '5' }" }),
    'defaults.clinets: clinets is not an option of the scenario or of every run',
  ],
  [
    scenario({ defaults: "{ toString: '5' }" }),
    'defaults.toString: toString is not an option of the scenario or of every run',
  ],
];

const TAKEN: readonly string[] = [
  scenario(),
  scenario({ options: `{ items: ${OPTION} }`, defaults: "{ items: '3', clients: '5' }" }),
  scenario({ series: "{ own: 'mine' }", headline: "'own'", steps: 'async () => {}' }),
  // An option may be called as what every object has.
  scenario({ options: `{ constructor: ${OPTION} }` }),
];

describe('a scenario file', () => {
  let refused: Loaded[];
  let taken: Loaded[];

  beforeAll(async () => {
    [refused, taken] = await Promise.all([
      loadTexts(
        'scenario',
        REFUSED.map(([text]) => text),
      ),
      loadTexts('scenario', TAKEN),
    ]);
  });

  it.each(REFUSED.map(([text, ...problems], index) => [text, problems, index] as const))(
    'with %s is refused: %j',
    (_, problems, index) => {
      expect(refused[index]).toEqual({
        error: {
          code: 'BAD_SCENARIO_FILE',
          message: invalidMessage(`file-${index}.ts`, 'scenario', problems),
          hint: problems[0]?.includes('layouts')
            ? 'Did you mean layout?'
            : 'Write export default defineScenario({...}); the editor then shows the fields.',
          exitCode: 2,
        },
      });
    },
  );

  it.each(TAKEN.map((text, index) => [text, index] as const))('may be %s', (_, index) => {
    expect(taken[index]).toMatchObject({ value: { name: 'mine', layout: '[function]' } });
  });
});
