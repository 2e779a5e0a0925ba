import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SockbenchError } from '../../src/errors.ts';
import { CAPACITY, COMPARISON, REPEATED, RUNS, TREND } from '../../src/report/index.ts';
import { boundResult } from '../../src/result/bound.ts';
import { parseAs, readDocument, type StoredDocument } from '../../src/result/documents.ts';
import { ShardMerge } from '../../src/result/merge/shard-merge.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { judgeRun } from '../../src/run/validity/judge.ts';
import { makeRepeated } from '../report/repeated-fixture.ts';
import { madeShards } from '../support/made-shards.ts';
import { mutate } from '../support/mutate.ts';
import { fromSchema2 } from '../support/schema-2.ts';
import { everyoneHears } from './merge/made-run.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'schema-2');
const folder = mkdtempSync(join(tmpdir(), 'sockbench-hostile-'));
const path = join(folder, 'stored.json');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixture = (name: string): unknown =>
  fromSchema2(JSON.parse(gunzipSync(readFileSync(join(FIXTURES, `${name}.json.gz`))).toString()));

/**
 * Limits of reading one document, and of rendering it in all formats together, of which `report` makes one. CPU time is
 * measured, since the time of a loaded machine says nothing.
 */
const READING = { cpuMs: 1000, mib: 200 } as const;
const RENDERING = { cpuMs: 10_000, mib: 300 } as const;

/** Begins to measure; the returned function fails when what came since takes more than the limits. */
function measure(): (limits: { readonly cpuMs: number; readonly mib: number }) => void {
  const cpu = process.cpuUsage();
  const rss = process.memoryUsage.rss();
  return ({ cpuMs, mib }) => {
    const { user, system } = process.cpuUsage(cpu);
    expect((user + system) / 1000).toBeLessThan(cpuMs);
    expect((process.memoryUsage.rss() - rss) / 1024 ** 2).toBeLessThan(mib);
  };
}

/** The formats of a run. One without values of its headline has no percentiles: hgrm refuses it with NO_SERIES. */
function runFormats({ series, headline }: RunResult) {
  return RUNS.formats.filter(({ name }) => name !== 'hgrm' || Object.hasOwn(series, headline));
}

/** Renders everything that `report` can make of a document; returns how long the texts are. */
function renderAll(stored: StoredDocument): number {
  switch (stored.kind) {
    case 'run':
      return lengthOf(runFormats(stored.document).map((format) => format.render([stored.document])));
    case 'comparison':
      return lengthOf(COMPARISON.formats.map((format) => format.render(stored.document)));
    case 'repeated':
      return lengthOf(REPEATED.formats.map((format) => format.render([stored.document])));
    case 'capacity':
      return lengthOf(CAPACITY.formats.map((format) => format.render(stored.document)));
    case 'trend':
      return lengthOf(TREND.formats.map((format) => format.render(stored.document)));
  }
}

const lengthOf = (texts: readonly string[]) => texts.reduce((sum, { length }) => sum + length, 0);

/** A refusal is one printable line that names the file, and what to do. */
function expectOneSentence(error: unknown): void {
  expect(error).toBeInstanceOf(SockbenchError);
  const { code, message, hint, exitCode } = error as SockbenchError;
  expect({ code, exitCode }).toEqual({ code: 'BAD_RESULT', exitCode: 2 });
  expect(message.startsWith(`${path} `)).toBe(true);
  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(path.length + 1000);
  expect(hint).not.toBe('');
}

/** Reads and renders one document; it is either accepted with all its formats, or refused in one sentence. */
async function tryDocument(text: Uint8Array): Promise<'accepted' | 'refused'> {
  writeFileSync(path, text);
  const expectLittle = measure();
  const stored = await readDocument(path).catch((error: unknown) => {
    expectOneSentence(error);
    return null;
  });
  expectLittle(READING);
  if (stored === null) return 'refused';
  expect(renderAll(stored)).toBeGreaterThan(0);
  expectLittle(RENDERING);
  return 'accepted';
}

const SHARDS = madeShards(everyoneHears(6, 20), 3);
const stored = (document: unknown): unknown => JSON.parse(JSON.stringify(document));
const MADE: Readonly<Record<string, unknown>> = {
  shard: stored(SHARDS[1]),
  repeated: stored(makeRepeated({ starts: [1, 1, 1.5], thresholds: ['lost==0'] })),
};

describe('a document that was damaged or forged is rendered, or refused in one sentence', () => {
  const isExploring = process.env['EXPLORE'] === '1';

  it.each([
    ['ws-broadcast', 60],
    ['socketio-cluster-rooms', 50],
    ['compare', 40],
    ['capacity', 40],
    ['repeated', 25],
    ['shard', 50],
  ])('%s', { timeout: isExploring ? 3600e3 : 60e3 }, async (name, numRuns) => {
    const document = MADE[name] ?? fixture(name);
    expect(await tryDocument(Buffer.from(JSON.stringify(document)))).toBe('accepted');
    const seen = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.nat()), async (seed) => {
        seen[await tryDocument(mutate(document, seed))] += 1;
      }),
      { numRuns: isExploring ? 10 * numRuns : numRuns, endOnFailure: true },
    );
    // A mutation that is always refused, or never, would test nothing.
    expect(seen.accepted).toBeGreaterThan(numRuns / 20);
    expect(seen.refused).toBeGreaterThan(numRuns / 20);
  });
});

/** Merges all shards; those that the forged file would replace are left out. Null when it was refused. */
function mergeWith(forged: RunResult): RunResult | null {
  const others = SHARDS.filter(({ shard }) => shard?.index !== forged.shard?.index);
  const merge = new ShardMerge();
  try {
    for (const [index, result] of [...others, forged].entries()) merge.add(`${index}.json`, result);
    return judgeRun(boundResult(merge.result()), []);
  } catch (error) {
    // What is left to the merge is a sentence, too.
    expect(error).toBeInstanceOf(SockbenchError);
    expect((error as SockbenchError).message).not.toMatch(/\p{Cc}/u);
    return null;
  }
}

describe('a shard that was damaged or forged', () => {
  it('is merged and rendered, or refused in one sentence', {
    timeout: process.env['EXPLORE'] === '1' ? 3600e3 : 60e3,
  }, async () => {
    const seen = { merged: 0, refused: 0 };
    const numRuns = process.env['EXPLORE'] === '1' ? 1000 : 60;
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.nat()), async (seed) => {
        writeFileSync(path, mutate(stored(SHARDS[1]), seed));
        const forged = await readDocument(path).catch((error: unknown) => {
          expectOneSentence(error);
          return null;
        });
        const merged = forged?.kind === 'run' ? mergeWith(forged.document) : null;
        seen[merged === null ? 'refused' : 'merged'] += 1;
        if (merged === null) return;
        expect(renderAll({ kind: 'run', path, document: merged })).toBeGreaterThan(0);
        expect(parseAs('run', path, stored(merged))).toEqual(merged);
      }),
      { numRuns, endOnFailure: true },
    );
    expect(seen.merged).toBeGreaterThan(numRuns / 20);
    expect(seen.refused).toBeGreaterThan(numRuns / 20);
  });
});
