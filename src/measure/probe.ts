/**
 * Loaded into a server. It announces its process, samples it once a second and whenever a byte asks for that, and
 * writes each sample as a line of JSON to the local socket named by SOCKBENCH_PROBE. It does not keep the server alive.
 * Without the variable, or without a listener, it does nothing. With SOCKBENCH_PROFILES it also profiles the process,
 * and writes the profile into that folder when it is asked to.
 */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { createClock } from './clock.ts';
import { TAKE_PROFILE, TelemetrySampler } from './telemetry.ts';

const PROBE_EVERY_MS = 1000;
const MAX_PROBLEM_CHARACTERS = 500;

const path = process.env['SOCKBENCH_PROBE'];
const originNs = process.env['SOCKBENCH_ORIGIN_NS'];
/** The folder, and the sampling interval in microseconds. */
const profiles = process.env['SOCKBENCH_PROFILES'];
const intervalUs = Number(process.env['SOCKBENCH_PROFILE_US']);
// Every thread of a process loads this, but its CPU time and memory must count once.
if (path !== undefined && originNs !== undefined && isMainThread) probe(path, BigInt(originNs));

function probe(socketPath: string, origin: bigint): void {
  const clock = createClock(origin);
  const sampler = new TelemetrySampler(clock);
  const socket = connect(socketPath);
  const write = (line: object) => socket.write(`${JSON.stringify({ pid: process.pid, ...line })}\n`);
  const report = async () => {
    const isInCluster = await belongsToCluster();
    const { acceptedCount } = sampler;
    write({ acceptedCount, isInCluster, sample: sampler.sample() });
  };
  const profiler =
    profiles === undefined
      ? null
      : import('./profiler.ts').then(({ startProfiler }) => startProfiler(clock, intervalUs));
  // It is reported when the profile is asked for.
  profiler?.catch(() => {});
  const takeProfile = async () => {
    try {
      const taken = await (await profiler)?.stop();
      if (profiles === undefined || taken === undefined) return;
      await writeFile(join(profiles, `${process.pid}.json`), taken.text);
      write({ profileStartNs: taken.startNs });
    } catch (error) {
      write({ profileProblem: String(error).slice(0, MAX_PROBLEM_CHARACTERS) });
    }
  };
  write({});
  const timer = setInterval(report, PROBE_EVERY_MS);
  socket.on('data', (asked) => {
    void report();
    if (asked.includes(TAKE_PROFILE)) void takeProfile();
  });
  socket.on('error', () => clearInterval(timer));
  socket.unref();
  timer.unref();
}

/** Loads node:cluster late: it reads settings at that time, which the server may not have made earlier. */
async function belongsToCluster(): Promise<boolean> {
  const { isWorker, workers } = (await import('node:cluster')).default;
  return isWorker || Object.keys(workers ?? {}).length > 0;
}
