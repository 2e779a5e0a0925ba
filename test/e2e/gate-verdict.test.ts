import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { comparisonSchema } from '../../src/result/comparison.ts';
import type { Finding } from '../../src/result/findings.ts';
import { recompute } from '../stats/recompute/recompute.ts';
import {
  faultyCommand,
  freePort,
  retryDisturbed,
  sockbench,
  startSockbench,
  temporaryFolder,
} from '../support/sockbench.ts';

/** Runs as short as can be, so that there can be enough of them. */
const SHORTEST = ['--duration', '500ms', '--warmup', '0s', '--warmup-max', '0s'];
/** Nine decide at the first look; where the machine disturbs some of them, the other nine come too. */
const ROUNDS = 18;
const BUSY_MS = 3;

/** Why a gate that is INVALID excluded its pairs; nothing for another verdict. */
function excludedFor(file: string): Finding[] {
  const { judgement, rounds } = comparisonSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (judgement.verdict !== 'INVALID') return [];
  return rounds.flatMap(({ runs }) =>
    runs.flatMap(({ result, error }) => [...(result?.invalid ?? []), ...(error === null ? [] : [error])]),
  );
}

/**
 * One gate for all that follows from it: a server that is 3 ms slower for each message, where the base takes a
 * fraction of one.
 */
test('a gate whose server is slower fails, reports it everywhere, and can be judged again from its stored rounds', async () => {
  const port = await freePort();
  const out = temporaryFolder();
  const summary = join(out, 'summary.md');
  const target = [
    'broadcast-latency',
    '--target',
    `ws://127.0.0.1:${port}`,
    '--exec',
    faultyCommand(port, 'busy', BUSY_MS),
  ];
  const load = ['--clients', '10', '--rate', '100/s', ...SHORTEST];
  const gate = [
    ...['gate', ...target, '--base-exec', faultyCommand(port, 'none'), ...load],
    ...['--rounds', String(ROUNDS), '--metric', 'delivery.p50', '--out', out],
    ...['--threshold', 'lost==0', '--threshold', 'delivery.p50 < 1.2 * base.delivery.p50'],
  ];
  const { stdout, stderr } = await retryDisturbed(
    () => {
      // Each gate appends to the summary.
      rmSync(summary, { force: true });
      const env = { ...process.env, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
      return startSockbench(gate, { env }).ended;
    },
    () => excludedFor(join(out, 'rounds.json')),
    ({ code, stdout }) => {
      expect(stdout.split('\n')[0]).toMatch(
        /^REGRESSED: delivery\.p50 [\d.]+x \([\d.]+-[\d.]+\), [\d.]+ (\u00b5s|ms) -> [\d.]+ ms; \d+ pairs/,
      );
      expect(code).toBe(99);
    },
  );
  expect(stderr).toMatch(/^base, head: 18 rounds, 9 if that is enough; at most about (\d+s|\d+ minutes)$/m);
  // A round that the machine disturbed has the reason instead of the figures.
  expect(stderr).toMatch(
    /^round \d+ of at most 18: delivery\.p50 base [\d.]+ (\u00b5s|ms), head [\d.]+ ms$/m,
  );
  expect(stderr).toMatch(/^::error title=.*delivery\.p50.*::/m);
  expect(readFileSync(summary, 'utf8')).toContain('REGRESSED');
  expect(readFileSync(join(out, 'junit.xml'), 'utf8')).toMatch(/<testsuite [^>]*failures="2"/);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<svg');

  const text = readFileSync(join(out, 'rounds.json'), 'utf8');
  const stored = comparisonSchema.parse(JSON.parse(text));
  expect(stored.thresholds.map(({ passed }) => passed)).toEqual([true, false]);
  const [judged] = stored.judgement.heads;
  const again = recompute(JSON.parse(text));
  expect(again.verdict).toBe('REGRESSED');
  expect(again.heads[0]?.metrics.map(({ metric, verdict }) => [metric, verdict])).toEqual(
    judged?.metrics.map(({ metric, verdict }) => [metric, verdict]),
  );
  // The difference is what was injected, the base's own time beside it.
  const [p50] = judged?.metrics ?? [];
  expect(p50?.difference).toBeGreaterThan(BUSY_MS * 0.8e6);
  expect(p50?.difference).toBeLessThan(BUSY_MS * 1.5e6);

  const rendered = await sockbench('report', join(out, 'rounds.json'));
  expect(stdout.startsWith(rendered.stdout)).toBe(true);

  // The same rounds as a base, from a machine with another kernel.
  const elsewhere = join(out, 'elsewhere.json');
  const { kernel } = stored.rounds[0]?.runs[0]?.result?.environment ?? {};
  writeFileSync(elsewhere, text.replaceAll(`"kernel":"${kernel}"`, '"kernel":"5.0.0-other"'));
  const against = await sockbench(
    'gate',
    ...target,
    ...load,
    '--metric',
    'delivery.p50',
    '--baseline',
    elsewhere,
    '--out',
    out,
  );
  expect(against.code).toBe(3);
  expect(against.stdout).toMatch(/^INVALID: .*kernel: baseline 5\.0\.0-other, now /);
  const { rounds } = comparisonSchema.parse(JSON.parse(readFileSync(join(out, 'rounds.json'), 'utf8')));
  expect(rounds).toHaveLength(1);
}, 300_000);
