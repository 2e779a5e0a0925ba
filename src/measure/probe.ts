/**
 * Loaded into a server: says at once that it is there, then samples its process once a second, and whenever
 * it is asked by a byte, and writes each sample as a line of JSON to the local socket named by
 * SOCKBENCH_PROBE. Never keeps the server alive and never disturbs it: without the variable, or when nobody
 * listens, it does nothing.
 */
import { connect } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { createClock } from './clock.ts';
import { TelemetrySampler } from './telemetry.ts';

const SAMPLE_EVERY_MS = 1000;

const path = process.env['SOCKBENCH_PROBE'];
const originNs = process.env['SOCKBENCH_ORIGIN_NS'];
// The threads of a process load this too, but its CPU time and memory must count once.
if (path !== undefined && originNs !== undefined && isMainThread) probe(path, BigInt(originNs));

function probe(socketPath: string, origin: bigint): void {
  const sampler = new TelemetrySampler(createClock(origin));
  const socket = connect(socketPath);
  const say = (line: object) => socket.write(`${JSON.stringify({ pid: process.pid, ...line })}\n`);
  const report = async () => {
    const isInCluster = await belongsToCluster();
    const { acceptedCount } = sampler;
    say({ acceptedCount, isInCluster, sample: sampler.sample() });
  };
  say({});
  const timer = setInterval(report, SAMPLE_EVERY_MS);
  socket.on('data', report);
  socket.on('error', () => clearInterval(timer));
  socket.unref();
  timer.unref();
}

/**
 * Whether this process is a worker of node:cluster, or has workers. The module is not loaded before it is
 * asked for: it reads settings when it is loaded, which the server may not have made yet.
 */
async function belongsToCluster(): Promise<boolean> {
  const { isWorker, workers } = (await import('node:cluster')).default;
  return isWorker || Object.keys(workers ?? {}).length > 0;
}
