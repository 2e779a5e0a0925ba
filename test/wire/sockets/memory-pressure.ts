/**
 * Child entry of a test: sends, receives, connects and closes over as many connections as its argument says, while
 * collections are forced and memory is taken and given back. Prints what it did as JSON. Needs --expose-gc.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { openKernelLoop } from '../../../src/wire/sockets/kernel/kernel-loop.ts';
import { openTo } from '../support/opened-stream.ts';

const MIB = 2 ** 20;
/** Connections that echo at the same time, and how many bytes each carries before it is closed. */
const CONNECTIONS = 40;
const FRAMES = 25;
/** Collections per 1,000 connections, and instants that are waited for. */
const COLLECTIONS = 300;
const DUE = 100;

/** The server is a process of its own: its memory is not what is watched. */
if (process.argv[2] === 'serve') {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
  process.on('disconnect', () => process.exit());
} else {
  await work(Number(process.argv[2]));
}

/** A frame of a length of its own, in which each byte depends on its place. */
function frameOf(connection: number, frame: number): Buffer {
  const length = frame % 9 === 0 ? 50_000 + connection : 1 + ((connection * 7 + frame * 131) % 3000);
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + connection + frame) & 0xff;
  return bytes;
}

async function work(connections: number): Promise<void> {
  const server = fork(import.meta.filename, ['serve'], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const [port] = (await once(server, 'message')) as [number];
  const loop = openKernelLoop({ nowNs: () => Math.round(performance.now() * 1e6) });
  const done = { echoes: 0, connections: 0, wrong: 0, errors: 0, collections: 0, early: 0, due: 0 };
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const descriptorsBefore = descriptors();
  const isDone = () =>
    done.connections >= connections &&
    done.collections >= (COLLECTIONS * connections) / 1000 &&
    done.due >= DUE;

  const echo = async (connection: number) => {
    const opened = openTo((address, handlers) => loop.open(address, handlers), { port });
    await opened.opened;
    const sent: Buffer[] = [];
    for (let frame = 0; frame < FRAMES; frame++) {
      const bytes = frameOf(connection, frame);
      sent.push(Buffer.from(bytes));
      opened.stream.write(bytes);
      // A frame may be written anew once it was handed over.
      bytes.fill(0);
    }
    const expected = Buffer.concat(sent);
    await opened.arrived(expected.length);
    if (!opened.received().equals(expected)) done.wrong += 1;
    done.echoes += 1;
    // Some close, some are given up, and some are given up while bytes are in flight.
    if (connection % 3 === 0) opened.stream.end();
    else if (connection % 3 === 1) opened.stream.write(Buffer.alloc(100_000));
    if (connection % 3 !== 0) opened.stream.destroy();
    if ((await opened.closed) !== null) done.errors += 1;
    done.connections += 1;
  };
  const keepEchoing = async (connection: number) => {
    while (!isDone()) await echo(connection);
  };
  const collect = () => {
    // Memory of every kind, freed at once.
    const garbage = Array.from({ length: 20 }, (_, index) => [
      new ArrayBuffer(MIB),
      Array(10_000).fill(index),
    ]);
    garbage.length = 0;
    globalThis.gc?.({ type: done.collections % 5 === 0 ? 'major' : 'minor' });
    done.collections += 1;
    if (!isDone()) setTimeout(collect, 2);
  };
  const keepDue = () => {
    const dueNs = Math.round(performance.now() * 1e6) + 3e6;
    loop.before(dueNs, () => {
      loop.spin(dueNs);
      if (performance.now() * 1e6 < dueNs - 1) done.early += 1;
      done.due += 1;
      if (!isDone()) keepDue();
    });
  };
  // Memory that stays is that of the first tenth: code, buffers, pools.
  const isEarly = () => done.connections < connections / 10;
  collect();
  keepDue();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      while (isEarly()) await echo(connection);
    }),
  );
  const rssBefore = process.memoryUsage.rss();
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => keepEchoing(connection)));
  globalThis.gc?.();
  const rssGrowthMib = (process.memoryUsage.rss() - rssBefore) / MIB;
  const descriptorsLeft = descriptors() - descriptorsBefore;
  server.disconnect();
  await once(server, 'exit');
  console.log(JSON.stringify({ ...done, rssGrowthMib, descriptorsLeft, counts: loop.takeCounts() }));
}
