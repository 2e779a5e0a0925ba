import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RUNS } from '../../src/report/index.ts';
import { readDocument } from '../../src/result/documents.ts';
import { MAX_INTERVALS, type RunResult } from '../../src/result/run-result.ts';
import { MAX_DOCUMENT_BYTES } from '../../src/result/stored-json.ts';
import { makeLongRun } from '../support/long-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockbench-long-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function rendered(name: string, result: RunResult): string {
  const format = RUNS.formats.find((each) => each.name === name);
  if (format === undefined) throw new Error(`no format ${name}`);
  return format.render([result]);
}

describe('a long run', () => {
  it.each([
    ['of 4 hours with one generator process', 4, 1],
    ['of one hour with 64 generator processes', 1, 64],
  ])('%s leaves a document and a page of bounded size', async (_, hours, workers) => {
    const result = makeLongRun(hours, workers);
    expect(result.intervals.length).toBeLessThanOrEqual(2 * MAX_INTERVALS);
    expect(result.ledger).toMatchObject({ lost: 0, unknown: 0 });
    const samples = [...result.telemetry.servers, ...result.telemetry.workers].map((each) => each.samples);
    expect(samples.flat().length).toBeLessThanOrEqual(12_000);

    const text = rendered('json', result);
    expect(text.length).toBeLessThan(MAX_DOCUMENT_BYTES);
    const path = join(folder, 'result.json');
    writeFileSync(path, text);
    const stored = await readDocument(path);
    expect(stored.kind).toBe('run');
    expect(stored.document).toEqual(result);

    expect(rendered('html', result).length).toBeLessThan(1024 ** 2);
    expect(rendered('text', result).length).toBeLessThan(20_000);
    expect(rendered('hlog', result).length).toBeLessThan(MAX_DOCUMENT_BYTES);
  });
});
