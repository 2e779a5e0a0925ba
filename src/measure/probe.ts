/**
 * Loaded into a server with `--import`: samples its process once a second, and whenever it is asked by a
 * byte, and writes each sample as a line of JSON to the local socket named by SOCKBENCH_PROBE. Never keeps
 * the server alive and never disturbs it: without the variable, or when nobody listens, it does nothing.
 */
import { connect } from 'node:net';
import { createClock } from './clock.ts';
import { TelemetrySampler } from './telemetry.ts';

const SAMPLE_EVERY_MS = 1000;

const path = process.env['SOCKBENCH_PROBE'];
const originNs = process.env['SOCKBENCH_ORIGIN_NS'];
if (path !== undefined && originNs !== undefined) probe(path, BigInt(originNs));

function probe(socketPath: string, origin: bigint): void {
  const sampler = new TelemetrySampler(createClock(origin));
  const socket = connect(socketPath);
  const report = () => {
    const { accepted } = sampler;
    socket.write(`${JSON.stringify({ pid: process.pid, accepted, sample: sampler.sample() })}\n`);
  };
  const timer = setInterval(report, SAMPLE_EVERY_MS);
  socket.on('data', report);
  socket.on('error', () => clearInterval(timer));
  socket.unref();
  timer.unref();
}
