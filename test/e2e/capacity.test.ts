import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodeOfSearch } from '../../src/cli/commands/capacity.ts';
import type { Capacity } from '../../src/result/capacity.ts';
import { readAs } from '../../src/result/documents.ts';
import { nextStep } from '../../src/stats/capacity-search.ts';
import { faultyTarget, sockbench, startSockbench, temporaryFolder } from '../support/sockbench.ts';

/** The server works so long on every message: 50 a second are the most that it can do. */
const BUSY_MS = 20;
const STEP_S = 1;
const DRAIN_S = 0.1;
/** What it can have worked off by the end of the drain, and one message of the next step; noise makes it less. */
const MOST_HZ = (STEP_S + DRAIN_S) / (BUSY_MS / 1000) / STEP_S + 1;

/** Flags of a search on that server, with steps as short as can be. */
async function searchFlags(objective: string, ...range: readonly string[]): Promise<string[]> {
  return [
    ...['capacity', 'broadcast-latency', ...(await faultyTarget('busy', BUSY_MS)), '--clients', '2'],
    ...['--objective', objective, '--repeats', '1', ...range],
    ...['--duration', `${STEP_S}s`, '--warmup', '0s', '--warmup-max', '0s', '--drain', `${DRAIN_S * 1000}ms`],
  ];
}

async function storedSearch(folder: string): Promise<Capacity> {
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const path = join(folder, file);
  return readAs('capacity', path);
}

/** No run passed at a rate that the server cannot do, whatever else the machine was at. */
function expectSound({ steps }: Capacity): void {
  for (const { value, outcome, result } of steps) {
    if (result !== null) expect(result.rate.intendedHz).toBeCloseTo(value, 0);
    if (outcome === 'passed') expect(value).toBeLessThanOrEqual(MOST_HZ);
  }
}

test('a stopped search keeps its runs, and reports that it is partial', async () => {
  const out = temporaryFolder();
  // The first step passes on any machine, so that the search is not over after it.
  const flags = await searchFlags('fanout_last.p50<2s', '--from', '30/s', '--to', '120/s');
  const running = startSockbench([...flags, '--out', out]);
  // A busy machine may exclude the first run; the search goes on all the same.
  await running.said(/^30\/s: /m);
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;

  const found = await storedSearch(out);
  expect(found.status).toBe('partial');
  expect(code).toBe(exitCodeOfSearch(found.answer));
  expect(nextStep(found.steps, found.design)).toMatchObject({ done: false });
  expect(stdout).toMatch(/^PARTIAL, interrupted: /);
  expect(stderr).toMatch(
    /^searching from 30\/s to 120\/s: at most \d+ runs, about (\d+s|\d+ minutes) in all/,
  );
  expect(stderr).toMatch(/^30\/s: (passed|FAILED|excluded), /m);
  expect(found.steps.length).toBeGreaterThanOrEqual(1);
  expectSound(found);
});

test('a rate above the capacity of the server fails the search, or is inconclusive on a busy machine', async () => {
  const out = temporaryFolder();
  const flags = await searchFlags('fanout_last.p50<90ms', '--from', '80/s');
  const { code } = await sockbench(...flags, '--out', out, '--quiet');
  const found = await storedSearch(out);
  expect(found.status).toBe('complete');
  expect(found.steps).toHaveLength(2);
  expectSound(found);
  const isSeen = found.steps.some(({ outcome }) => outcome === 'failed');
  expect([found.answer.kind, code]).toEqual(isSeen ? ['below_start', 99] : ['inconclusive', 3]);
});
