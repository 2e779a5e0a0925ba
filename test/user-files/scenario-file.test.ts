import { beforeAll, describe, expect, it } from 'vitest';
import { type Loaded, loadTexts } from '../support/user-files.ts';

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

const REFUSED: ReadonlyArray<readonly [text: string, problem: string]> = [
  ['export default {};', 'name: Invalid input: expected string, received undefined'],
  ['export default 5;', 'the default export: Invalid input: expected object, received number'],
  [scenario({ name: "'My Visit'" }), 'name: a scenario is named in lower case, with hyphens'],
  [scenario({ layouts: '() => ({})' }), 'the default export: Unrecognized key: "layouts"'],
  [scenario({ layout: '{}' }), 'layout: expected a function'],
  [scenario({ steps: '[]' }), 'steps: expected a function'],
  [scenario({ summary: '7' }), 'summary: Invalid input: expected string, received number'],
  [scenario({ series: "{ ack: 'mine' }" }), 'series.ack: is a series of every run'],
  [scenario({ series: "{ warmup: 'mine' }" }), 'series.warmup: is a series of every run'],
  [scenario({ series: "{ own_actual: 'mine' }" }), 'series.own_actual: is a series of every run'],
  [
    scenario({ series: "{ 'My-own': 'mine' }" }),
    'series.My-own: a series is named in lower case, with underscores',
  ],
  [scenario({ series: '{ own: 7 }' }), 'series.own: Invalid input: expected string, received number'],
  [scenario({ options: `{ clients: ${OPTION} }` }), 'options.clients: is an option of every run'],
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
  [scenario({ defaults: "{ clinets: '5' }" }), 'defaults.clinets: is no option, of every run or of its own'],
  [
    scenario({ defaults: "{ toString: '5' }" }),
    'defaults.toString: is no option, of every run or of its own',
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

  it.each(REFUSED.map(([text, problem], index) => [text, problem, index] as const))(
    'with %s is refused: %s',
    (_, problem, index) => {
      expect(refused[index]).toEqual({
        error: {
          code: 'BAD_SCENARIO_FILE',
          message: `file-${index}.ts: ${problem}`,
          hint: 'Write export default defineScenario({...}): your editor then shows what belongs in it.',
          exitCode: 2,
        },
      });
    },
  );

  it.each(TAKEN.map((text, index) => [text, index] as const))('may be %s', (_, index) => {
    expect(taken[index]).toMatchObject({ value: { name: 'mine', layout: '[function]' } });
  });
});
