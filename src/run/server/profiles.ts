import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { maxRunMs } from '../../plan/run-length.ts';
import { formatBytes } from '../../units.ts';
import { guard } from '../leftovers/guardian.ts';
import { temporaryName } from '../leftovers/remove.ts';
import { temporaryFolder } from '../temporary.ts';
import type { ProbeListener } from './probe-listener.ts';

/** Time for V8 to end a profile and for the probe to write it. */
const PROFILES_WITHIN_MS = 10_000;
const PROFILE_POLL_MS = 20;
/** More than any profile of {@link MAX_PROFILE_SAMPLES} samples has. Any program could have written the file. */
const MAX_PROFILE_BYTES = 256 * 1024 ** 2;
const USUAL_INTERVAL_US = 1000;
/** V8 keeps every sample in the memory of the server until the profile ends. */
const MAX_PROFILE_SAMPLES = 200_000;

/** The profile of one process as it was taken, or why there is none. */
export type RawProfile = { readonly pid: number } & (
  | { readonly text: string; readonly startNs: number }
  | { readonly problem: string }
);

/**
 * The sampling interval of a run in microseconds: 1 ms, and more where the samples would not fit into memory; null for a
 * run without --profile.
 */
export function profileIntervalUs(plan: Plan): number | null {
  if (!plan.cpuProfile) return null;
  return Math.max(USUAL_INTERVAL_US, Math.ceil((maxRunMs(plan) * 1000) / MAX_PROFILE_SAMPLES));
}

/** Has the probes of a server profile their processes, from the start of each process on. */
export class ServerProfiles {
  readonly #probes: ProbeListener;
  readonly #intervalUs: number;
  /** Where the probes write. */
  readonly #folder: string;
  readonly #release: () => void;

  constructor(probes: ProbeListener, intervalUs: number) {
    this.#probes = probes;
    this.#intervalUs = intervalUs;
    this.#folder = mkdtempSync(join(temporaryFolder(), temporaryName('profiles')));
    this.#release = guard({ pid: null, end: () => this.#remove() });
  }

  /** Environment variables for the server. */
  get env(): Record<string, string> {
    return { SOCKBENCH_PROFILES: this.#folder, SOCKBENCH_PROFILE_US: String(this.#intervalUs) };
  }

  /** Ends the profiles of these processes. A process that ends meanwhile has none. */
  async take(pids: readonly number[]): Promise<RawProfile[]> {
    this.#probes.takeProfiles();
    const deadlineMs = performance.now() + PROFILES_WITHIN_MS;
    const isTaken = () => pids.every((pid) => this.#probes.profileOf(pid) !== null);
    while (!isTaken() && performance.now() < deadlineMs) await delay(PROFILE_POLL_MS);
    return await Promise.all(pids.map((pid) => this.#read(pid)));
  }

  async #read(pid: number): Promise<RawProfile> {
    const end = this.#probes.profileOf(pid);
    if (end === null) return { pid, problem: 'the process ended or did not answer' };
    if ('profileProblem' in end) return { pid, problem: end.profileProblem };
    const path = join(this.#folder, `${pid}.json`);
    try {
      const { size } = await stat(path);
      if (size > MAX_PROFILE_BYTES) return { pid, problem: `it has ${formatBytes(size)}` };
      return { pid, text: await readFile(path, 'utf8'), startNs: end.profileStartNs };
    } catch (error) {
      return { pid, problem: messageOf(error) };
    }
  }

  close(): void {
    this.#release();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
