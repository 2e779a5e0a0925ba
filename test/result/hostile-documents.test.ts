import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SockbenchError } from '../../src/errors.ts';
import { CAPACITY, COMPARISON, RUNS } from '../../src/report/index.ts';
import { readDocument, type StoredDocument } from '../../src/result/documents.ts';
import { mutate } from '../support/mutate.ts';
import { fromSchema2 } from '../support/schema-2.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'schema-2');
const folder = mkdtempSync(join(tmpdir(), 'sockbench-hostile-'));
const path = join(folder, 'stored.json');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixture = (name: string): unknown =>
  fromSchema2(JSON.parse(gunzipSync(readFileSync(join(FIXTURES, `${name}.json.gz`))).toString()));

/** Limits of one document. CPU time is measured, since the time of a loaded machine says nothing. */
const MAX_CPU_MS = 1000;
const MAX_GROWTH_MIB = 300;

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Renders everything that `report` can make of a document; returns how long the texts are. */
function renderAll(stored: StoredDocument): number {
  switch (stored.kind) {
    case 'run':
      return lengthOf(RUNS.formats.map((format) => format.render([stored.document])));
    case 'comparison':
      return lengthOf(COMPARISON.formats.map((format) => format.render(stored.document)));
    case 'capacity':
      return lengthOf(CAPACITY.formats.map((format) => format.render(stored.document)));
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
  const beforeMs = cpuMs();
  let stored: StoredDocument;
  try {
    stored = await readDocument(path);
  } catch (error) {
    expect(cpuMs() - beforeMs).toBeLessThan(MAX_CPU_MS);
    expectOneSentence(error);
    return 'refused';
  }
  expect(renderAll(stored)).toBeGreaterThan(0);
  expect(cpuMs() - beforeMs).toBeLessThan(RENDERING_CPU_MS);
  return 'accepted';
}

/** All formats together, of which `report` makes one. */
const RENDERING_CPU_MS = 10 * MAX_CPU_MS;

describe('a document that was damaged or forged is rendered, or refused in one sentence', () => {
  const isExploring = process.env['EXPLORE'] === '1';

  it.each([
    ['ws-broadcast', 400],
    ['socketio-cluster-rooms', 200],
    ['compare', 120],
    ['capacity', 150],
  ])('%s', { timeout: isExploring ? 3600e3 : 60e3 }, async (name, numRuns) => {
    const document = fixture(name);
    expect(await tryDocument(Buffer.from(JSON.stringify(document)))).toBe('accepted');
    const seen = { accepted: 0, refused: 0 };
    const { maxRSS } = process.resourceUsage();
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.nat()), async (seed) => {
        seen[await tryDocument(mutate(document, seed))] += 1;
      }),
      { numRuns: isExploring ? 10 * numRuns : numRuns, endOnFailure: true },
    );
    expect((process.resourceUsage().maxRSS - maxRSS) / 1024).toBeLessThan(MAX_GROWTH_MIB);
    // A mutation that is always refused, or never, would test nothing.
    expect(seen.accepted).toBeGreaterThan(numRuns / 20);
    expect(seen.refused).toBeGreaterThan(numRuns / 20);
  });
});
