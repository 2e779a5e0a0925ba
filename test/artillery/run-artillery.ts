import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTILLERY, isArtilleryInstalled } from '../../scripts/artillery/install.ts';
import { temporaryFolder, watch } from '../support/sockbench.ts';

/** Why the tests that run Artillery are skipped; null where it is installed. */
export const missingArtillery = isArtilleryInstalled()
  ? null
  : 'Artillery is not installed; run npm ci in scenarios/artillery';

/** What Artillery itself reports. */
export interface ArtilleryRun {
  readonly code: number | null;
  readonly output: string;
  readonly counters: Readonly<Record<string, number>>;
  /** By name; count and, where one was recorded, the largest value. */
  readonly summaries: Readonly<Record<string, { readonly count: number; readonly max: number }>>;
}

/** A run that hangs, as Artillery does without an acknowledgement, is killed after this time. */
const KILLED_AFTER_MS = 150_000;
/** For tests that run Artillery, which starts in 2 to 20 s. */
export const ARTILLERY_TEST = { timeout: KILLED_AFTER_MS + 10_000 };

/** Runs a script of Artillery against a URL and reads its report. */
export async function runArtillery(script: string, target: string): Promise<ArtilleryRun> {
  const report = join(temporaryFolder(), 'report.json');
  const args = [ARTILLERY, 'run', script, '--target', target, '--output', report];
  const env = { ...process.env, ARTILLERY_DISABLE_TELEMETRY: '1' };
  const { code, stdout, stderr } = await watch(
    spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: KILLED_AFTER_MS }),
  ).ended;
  const { aggregate } = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { aggregate: { counters: {}, summaries: {} } };
  return { code, output: stdout + stderr, ...aggregate };
}
