import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAs, readAs, readDocument } from '../../src/result/documents.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { writeAtomically } from '../../src/result/store.ts';
import { makeCapacity } from '../report/capacity-fixture.ts';
import { makeComparison } from '../report/comparison-fixture.ts';
import { results } from '../report/fixture.ts';
import { thrownBy } from '../thrown.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockbench-documents-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** An empty folder of its own. */
async function emptyFolder(): Promise<string> {
  return await mkdtemp(join(folder, 'case-'));
}

const found = makeCapacity();

describe('a stored result', () => {
  it.each(['valid', 'ack', 'empty', 'invalid', 'partial', 'thresholds', 'hostile'] as const)(
    'is read as it was written: %s',
    async (name) => {
      const path = join(await emptyFolder(), 'result.json');
      await writeAtomically(path, JSON.stringify(results[name]()));
      expect(await readAs('run', path)).toEqual(results[name]());
    },
  );

  const written = 'Give a result.json that sockbench wrote.';

  it.each<[what: string, text: string, problem: RegExp, hint: string]>([
    ['text', 'not JSON', /cannot be read as JSON: .*not JSON/, written],
    ['nothing', '', /cannot be read as JSON: /, written],
    ['null', 'null', /is not a sockbench result: the file: /, written],
    ['a list', '[]', /is not a sockbench result: (the file|schemaVersion): /, written],
    ['another object', '{}', /is not a sockbench result: schemaVersion: /, written],
    [
      'a result of a later version',
      '{"schemaVersion":4}',
      /has schemaVersion 4; this sockbench reads 3$/,
      'Use the sockbench that wrote it, or a newer one.',
    ],
    [
      'a result of an earlier version',
      '{"schemaVersion":1}',
      /has schemaVersion 1; this sockbench reads 3$/,
      'Measure again, or read it with the sockbench that wrote it.',
    ],
    [
      'a version that is text',
      '{"schemaVersion":"1"}',
      /is not a sockbench result: schemaVersion: /,
      written,
    ],
  ])('is an error when it is %s', async (_, text, problem, hint) => {
    const path = join(await emptyFolder(), 'result.json');
    await writeFile(path, text);
    const refusal = expect(readAs('run', path)).rejects;
    await refusal.toMatchObject({
      code: 'BAD_RESULT',
      message: expect.stringMatching(problem),
      hint,
      exitCode: 2,
    });
  });

  it('is an error that names it when it is missing', async () => {
    const path = join(await emptyFolder(), 'nowhere.json');
    await expect(readAs('run', path)).rejects.toMatchObject({
      code: 'BAD_RESULT',
      message: expect.stringMatching(/nowhere\.json cannot be read: ENOENT/),
    });
  });

  it('is an error that names the place', async () => {
    const path = join(await emptyFolder(), 'result.json');
    const result = results.fewSamples();
    await writeFile(path, JSON.stringify({ ...result, ledger: { ...result.ledger, lost: -1 } }));
    await expect(readAs('run', path)).rejects.toMatchObject({
      code: 'BAD_RESULT',
      message: expect.stringMatching(/is not a sockbench result: ledger\.lost: /),
    });
    const { telemetry: _, ...rest } = result;
    await writeFile(path, JSON.stringify(rest));
    await expect(readAs('run', path)).rejects.toMatchObject({
      message: expect.stringMatching(/is not a sockbench result: telemetry: /),
    });
  });
});

describe('a document', () => {
  const stored = (document: unknown): unknown => JSON.parse(JSON.stringify(document));

  it.each([
    ['run', results.valid()],
    ['comparison', makeComparison({ rounds: 2 })],
    ['capacity', found],
  ] as const)('of a %s is read as it was written, and says what it is', async (kind, document) => {
    const path = join(await emptyFolder(), 'stored.json');
    await writeAtomically(path, JSON.stringify(document));
    expect(await readDocument(path)).toEqual({ kind, path, document });
  });

  it.each([
    [{}, 'a.json is not a sockbench capacity search: schemaVersion: '],
    [{ ...found, schemaVersion: 2 }, 'a.json has schemaVersion 2; this sockbench reads 3'],
    [
      { ...found, answer: { ...found.answer, kind: 'perhaps' } },
      'a.json is not a sockbench capacity search: answer.kind: ',
    ],
  ])('of another kind, of another version or edited is an error', (given, message) => {
    expect(thrownBy(() => parseAs('capacity', 'a.json', stored(given)))).toMatchObject({
      code: 'BAD_RESULT',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('of an unknown kind is an error', async () => {
    const path = join(await emptyFolder(), 'stored.json');
    await writeAtomically(path, '{"kind":"trend"}');
    await expect(readDocument(path)).rejects.toMatchObject({
      code: 'BAD_RESULT',
      message: `${path} is of an unknown kind: "trend"`,
    });
  });

  it.each<[what: string, edit: (result: RunResult) => RunResult, problem: RegExp]>([
    [
      'more is expected than came of it',
      (result) => ({ ...result, ledger: { ...result.ledger, lost: result.ledger.lost + 1 } }),
      /is inconsistent: .*ledger: \d+ expected deliveries are not \d+ delivered \+ 1 lost \+ 0 unknown$/,
    ],
    [
      'its headline is missing',
      (result) => ({ ...result, series: {} }),
      /is inconsistent: .*series\.delivery: the headline series is missing$/,
    ],
    [
      'a histogram holds other values',
      (result) => ({
        ...result,
        series: Object.fromEntries(
          Object.entries(result.series).map(([name, each]) => [name, { ...each, count: each.count + 1 }]),
        ),
      }),
      /is inconsistent: .*series\.\w+\.histogram: the histogram does not hold \d+ values$/,
    ],
  ])('in which %s is an error, also within a comparison', (_, edit, problem) => {
    const result = edit(results.valid());
    expect(thrownBy(() => parseAs('run', 'a.json', stored(result))).message).toMatch(problem);
    const comparison = makeComparison({ rounds: 2 });
    const [round, ...others] = comparison.rounds;
    const runs = round?.runs.map((run, index) => (index === 0 ? { ...run, result } : run));
    const edited = { ...comparison, rounds: [{ ...round, runs }, ...others] };
    expect(thrownBy(() => parseAs('comparison', 'a.json', stored(edited))).message).toMatch(problem);
  });
});
