import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAs, readAs, readDocument } from '../../src/result/documents.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { writeAtomically } from '../../src/result/store.ts';
import { MAX_DOCUMENT_BYTES } from '../../src/result/stored-json.ts';
import { makeCapacity } from '../report/capacity-fixture.ts';
import { makeComparison } from '../report/comparison-fixture.ts';
import { results } from '../report/fixture.ts';
import { makeRepeated } from '../report/repeated-fixture.ts';
import { makeTrend, runOfDay } from '../report/trend-fixture.ts';
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

  const deep = (text: string) => text.repeat(1e6);
  const list = (count: number) => `[${'0,'.repeat(count - 1)}0]`;

  it.each<[what: string, text: string, problem: RegExp]>([
    ['a million lists in each other', deep('['), / is nested more than 32 levels deep at \[0\]\[0\]/],
    ['a million objects in each other', deep('{"a":'), / is nested more than 32 levels deep at a\.a\.a/],
    [
      'a list of 10,001 values',
      `{"a":[1,{"b":${list(10_001)}}]}`,
      / holds more than 10,000 values in one list at a\[1\]\.b\[10000\]$/,
    ],
    [
      'two million values',
      `{"a":[${Array(201).fill(list(10_000)).join(',')}]}`,
      / holds more than 2,000,000 values at a\[\d+\]\[\d+\]$/,
    ],
    [
      'a long text with quotes in it',
      `{"a":"${'\\\\\\"'.repeat(300_000)}"}`,
      / holds a text of 1,200,001 characters at a$/,
    ],
    ['a text without an end', `{"a":"${'\\"'.repeat(1000)}`, / cannot be read as JSON: /],
    ['a kind that is a list', '{"kind":[[[[]]]]}', / is of an unknown kind: of type object$/],
    [
      'a kind with escapes',
      '{"kind":"\\u001b[31m\\n::error::x"}',
      / is of an unknown kind: "\\x1b\[31m\\n[^\n]*"$/,
    ],
    ['a number beyond all', '{"schemaVersion":1e999}', / has schemaVersion Infinity; /],
    ['a mark of the byte order', '\ufeff{}', / cannot be read as JSON: [^\ufeff]*$/],
    ['a zero byte', '\0', / cannot be read as JSON: [^\0]*$/],
  ])('is an error when it is hostile: %s', async (_, text, problem) => {
    const path = join(await emptyFolder(), 'result.json');
    await writeFile(path, text);
    await expect(readDocument(path)).rejects.toMatchObject({
      code: 'BAD_RESULT',
      exitCode: 2,
      message: expect.stringMatching(problem) as unknown,
    });
  });

  it.each<[what: string, text: string, problem: RegExp]>([
    [
      'the broadcasts of a shard may be long',
      `{"shard":{"broadcasts":"${'A'.repeat(2e6)}"}}`,
      / schemaVersion: /,
    ],
    [
      'no other text of a shard',
      `{"shard":{"broadcasts":"","host":"${'A'.repeat(2e6)}"}}`,
      / holds a text of 2,000,001 characters at shard\.host$/,
    ],
    [
      'not in a comparison',
      `{"rounds":[{"shard":{"broadcasts":"${'A'.repeat(2e6)}"}}]}`,
      / holds a text of 2,000,001 characters at rounds\[0\]\.shard\.broadcasts$/,
    ],
    [
      'a shard may list its clients',
      `{"shard":{"accounts":[{"receivers":${list(100_000)}}]}}`,
      / schemaVersion: /,
    ],
    [
      'at most 100,000 of them',
      `{"shard":{"accounts":[{"receivers":${list(100_001)}}]}}`,
      / holds more than 100,000 values in one list at shard\.accounts\[0\]\.receivers\[100000\]$/,
    ],
    [
      'the limit of a document holds without the broadcasts',
      `{"shard":{"broadcasts":"${'A'.repeat(2e6)}"}}${' '.repeat(MAX_DOCUMENT_BYTES)}`,
      / has 40 MiB; the maximum is 40 MiB$/,
    ],
  ])('has limits of its own for shards: %s', async (_, text, problem) => {
    const path = join(await emptyFolder(), 'result.json');
    await writeFile(path, text);
    await expect(readDocument(path)).rejects.toMatchObject({
      code: 'BAD_RESULT',
      message: expect.stringMatching(problem) as unknown,
    });
  });

  it('is an error when it is a folder, a pipe, or larger than any document', async () => {
    const folderPath = await emptyFolder();
    await expect(readDocument(folderPath)).rejects.toMatchObject({ message: `${folderPath} is a folder` });
    await expect(readDocument('/dev/null')).rejects.toMatchObject({
      message: '/dev/null is not a regular file',
    });
    const path = join(folderPath, 'large.json');
    await writeFile(path, '[');
    await truncate(path, MAX_DOCUMENT_BYTES + 1);
    await expect(readDocument(path)).rejects.toMatchObject({
      message: expect.stringMatching(/ has 40 MiB; the maximum is 40 MiB$/) as unknown,
    });
  });

  it('has no names but its own', async () => {
    const path = join(await emptyFolder(), 'result.json');
    const result = results.valid();
    const text = JSON.stringify(result).replace('"series":{', '"series":{"__proto__":{"constructor":1},');
    await writeFile(path, text);
    expect(Object.keys((await readAs('run', path)).series)).toEqual(Object.keys(result.series));
    await writeFile(
      path,
      JSON.stringify({
        ...result,
        headline: 'constructor',
        plan: { ...result.plan, headline: 'constructor' },
      }),
    );
    await expect(readAs('run', path)).rejects.toMatchObject({
      message: expect.stringMatching(/series\.constructor: the headline series is missing$/) as unknown,
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
    ['repeated', makeRepeated({ starts: [1, 1] })],
    ['capacity', found],
    ['trend', makeTrend([runOfDay(0, 1), runOfDay(1, 1)])],
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
    [makeRepeated({ starts: [1, 1] }), 'a.json is a sockbench repeated run, not a sockbench capacity search'],
  ])('of another kind, of another version or edited is an error', (given, message) => {
    expect(thrownBy(() => parseAs('capacity', 'a.json', stored(given)))).toMatchObject({
      code: 'BAD_RESULT',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('of an unknown kind is an error', async () => {
    const path = join(await emptyFolder(), 'stored.json');
    await writeAtomically(path, '{"kind":"history"}');
    await expect(readDocument(path)).rejects.toMatchObject({
      code: 'BAD_RESULT',
      message: `${path} is of an unknown kind: "history"`,
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
