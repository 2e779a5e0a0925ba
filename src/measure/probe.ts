/**
 * Loaded into a server with `--import`: samples its process once a second and writes each sample as a line
 * of JSON to the local socket named by SOCKBENCH_PROBE. Never keeps the server alive and never disturbs it:
 * without the variable, or when nobody listens any more, it does nothing.
 */
import { connect } from 'node:net';
import { createClock } from './clock.ts';
import { TelemetrySampler } from './telemetry.ts';

/** Environment of a probed process. */
export const PROBE_ENV = { socket: 'SOCKBENCH_PROBE', originNs: 'SOCKBENCH_ORIGIN_NS' } as const;

const SAMPLE_EVERY_MS = 1000;

const path = process.env[PROBE_ENV.socket];
const originNs = process.env[PROBE_ENV.originNs];
if (path !== undefined && originNs !== undefined) probe(path, BigInt(originNs));

function probe(socketPath: string, origin: bigint): void {
  const sampler = new TelemetrySampler(createClock(origin));
  const socket = connect(socketPath);
  socket.on('error', () => clearInterval(timer));
  socket.unref();
  const timer = setInterval(() => {
    socket.write(`${JSON.stringify({ pid: process.pid, sample: sampler.sample() })}\n`);
  }, SAMPLE_EVERY_MS);
  timer.unref();
}
