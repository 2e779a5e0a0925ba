import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { PACKAGE_FOLDER } from '../package.ts';
import type { Finding } from '../result/findings.ts';
import { fileNameOf, makeFolder, writeAtomically } from '../result/store.ts';
import { PROFILED, type StoredProfile } from '../result/stored-profile.ts';
import { type CpuProfile, cutCpuProfile, parseCpuProfile, summarizeCpuProfile } from './cpu-profile.ts';
import type { StartedRun } from './phases.ts';
import { profileIntervalUs, type RawProfile } from './server/profiles.ts';

/** The folder of the profiles, in that of the result. */
const PROFILE_FOLDER = 'profiles';

/** The profiles of a run, and what has to be said of them. `profiles` is null for a run without --profile. */
export interface TakenProfiles {
  readonly profiles: readonly StoredProfile[] | null;
  readonly findings: readonly Finding[];
}

/** What the profiles of a run depend on. */
interface ProfiledRun extends Pick<StartedRun, 'plan'> {
  readonly server: { readonly telemetry: { takeProfiles(): Promise<readonly RawProfile[]> } | null };
  readonly collector: { readonly measureStartNs: number };
}

export const NO_PROFILES: TakenProfiles = { profiles: null, findings: [] };

/**
 * Ends the profiles of the server's processes, cuts them to the measured time and writes them into a folder of `out`.
 * Called when the load is over: V8 stops the server while it completes a profile.
 */
export async function takeProfiles(
  { plan, server, collector }: ProfiledRun,
  measureMs: number,
  out: string,
  startedAt: Date,
): Promise<TakenProfiles> {
  const intervalUs = profileIntervalUs(plan);
  if (intervalUs === null) return NO_PROFILES;
  const taken = (await server.telemetry?.takeProfiles()) ?? [];
  const stem = fileNameOf(plan.scenario, plan.target.name, startedAt.toISOString());
  // Files of the project that the server belongs to are named from its folder.
  const root = plan.target.reference === null ? (plan.target.cwd ?? process.cwd()) : PACKAGE_FOLDER;
  const kept: StoredProfile[] = [];
  const problems: string[] = [];
  for (const raw of taken) {
    const cut = cutToMeasured(raw, collector.measureStartNs, measureMs);
    if (typeof cut === 'string') {
      problems.push(`process ${raw.pid}: ${cut}`);
      continue;
    }
    const file = `${PROFILE_FOLDER}/${fileNameOf(stem, String(raw.pid))}.cpuprofile`;
    const problem = await writeProfile(out, file, cut);
    if (problem !== null) problems.push(problem);
    kept.push({
      pid: raw.pid,
      file: problem === null ? file : null,
      intervalUs,
      ...summarizeCpuProfile(cut, root),
    });
  }
  if (taken.length === 0) {
    problems.push('no process of the server loaded the probe, which needs Node.js 22.18 or later');
  }
  const missing = problems.map((problem) => `no CPU profile was written: ${problem}`);
  return {
    profiles: kept,
    findings: [
      ...(kept.length === 0 ? [] : [PROFILED]),
      ...missing.map((message) => ({ code: 'not_profiled' as const, message })),
    ],
  };
}

/** The measured part of a profile, or why there is none. */
function cutToMeasured(raw: RawProfile, measureStartNs: number, measureMs: number): CpuProfile | string {
  if ('problem' in raw) return raw.problem;
  const fromUs = (measureStartNs - raw.startNs) / 1000;
  try {
    return cutCpuProfile(parseCpuProfile(raw.text), fromUs, fromUs + measureMs * 1000);
  } catch {
    return 'what the probe wrote is no profile';
  }
}

/** Writes a profile; returns why it could not be written. */
async function writeProfile(out: string, file: string, profile: CpuProfile): Promise<string | null> {
  const path = join(out, file);
  try {
    await makeFolder(join(out, PROFILE_FOLDER));
    await writeAtomically(path, JSON.stringify(profile));
    return null;
  } catch (error) {
    return `${path}: ${messageOf(error)}`;
  }
}
