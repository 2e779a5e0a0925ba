import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHgrm } from '../../src/report/hgrm.ts';
import { renderHlog } from '../../src/report/hlog.ts';
import { viewResult } from '../../src/result/view.ts';
import { skipWhenMissing } from '../support/need.ts';
import { results } from './fixture.ts';

const JAR = '/usr/share/java/hdrhistogram.jar';

/** Why the reference implementation cannot be asked; null when it can. */
function missing(): string | null {
  if (spawnSync('java', ['-version']).error !== undefined) return 'no java: install default-jre-headless';
  return existsSync(JAR) ? null : `no ${JAR}: install libhdrhistogram-java`;
}

const folder = mkdtempSync(join(tmpdir(), 'sockbench-hlog-'));
const log = join(folder, 'run.hlog');
const view = viewResult(results.valid());

/** The percentile rows that the Java tool reads out of our log: value in ms, level, count. */
function askJava(tag: string): number[][] {
  const args = ['-cp', JAR, 'org.HdrHistogram.HistogramLogProcessor', '-i', log, '-tag', tag];
  const lines = execFileSync('java', args, { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => /^ *\d/.test(line))
    .map((line) => line.trim().split(/ +/).slice(0, 3).map(Number));
}

/** The same rows as our own .hgrm has them. */
function askOurselves(tag: string): number[][] {
  const lines = renderHgrm(view, tag).split('\n').slice(2);
  return lines
    .filter((line) => /^ *\d/.test(line))
    .map((line) => line.trim().split(/ +/).slice(0, 3).map(Number));
}

beforeAll(() => writeFileSync(log, renderHlog(view.result)));
afterAll(() => rmSync(folder, { recursive: true }));

describe("HdrHistogram's Java implementation", () => {
  skipWhenMissing(missing());

  it.each(['delivery', 'fanout_last', 'connect'])(
    'reads %s from our log to the same counts and percentiles',
    (tag) => {
      const [theirs, ours] = [askJava(tag), askOurselves(tag)];
      expect(theirs.at(-1)?.[2]).toBe(view.result.series[tag]?.count);
      // Java rounds a half in the twelfth decimal up.
      const levels = (rows: number[][]) => rows.map(([, level, count]) => [level?.toFixed(9), count]);
      expect(levels(theirs)).toEqual(levels(ours));
      // Java shows three decimals.
      const values = (rows: number[][]) => rows.map(([valueMs]) => valueMs?.toFixed(3));
      expect(values(theirs)).toEqual(values(ours));
    },
  );
});
