/**
 * Loaded into a server. It announces its process, samples it once a second and whenever a byte asks for that, and
 * writes each sample as a line of JSON to the local socket named by SOCKBENCH_PROBE. It does not keep the server alive.
 * Without the variable, or without a listener, it does nothing.
 */
import { connect } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { createClock } from './clock.ts';
import { TelemetrySampler } from './telemetry.ts';

const PROBE_EVERY_MS = 1000;

const path = process.env['SOCKBENCH_PROBE'];
const originNs = process.env['SOCKBENCH_ORIGIN_NS'];
// Every thread of a process loads this, but its CPU time and memory must count once.
if (path !== undefined && originNs !== undefined && isMainThread) probe(path, BigInt(originNs));

function probe(socketPath: string, origin: bigint): void {
  const sampler = new TelemetrySampler(createClock(origin));
  const socket = connect(socketPath);
  const write = (line: object) => socket.write(`${JSON.stringify({ pid: process.pid, ...line })}\n`);
  const report = async () => {
    const isInCluster = await belongsToCluster();
    const { acceptedCount } = sampler;
    write({ acceptedCount, isInCluster, sample: sampler.sample() });
  };
  write({});
  const timer = setInterval(report, PROBE_EVERY_MS);
  socket.on('data', report);
  socket.on('error', () => clearInterval(timer));
  socket.unref();
  timer.unref();
}

/** Loads node:cluster late: it reads settings at that time, which the server may not have made earlier. */
async function belongsToCluster(): Promise<boolean> {
  const { isWorker, workers } = (await import('node:cluster')).default;
  return isWorker || Object.keys(workers ?? {}).length > 0;
}
