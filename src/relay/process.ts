/**
 * Child entry: a relay between the clients of a run and its server. It has one listening port for each link, ends with
 * its coordinator and ignores signals to the group.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { keepCompiled } from '../compile-cache.ts';
import { type DialAddress, resolveName } from '../contract/address.ts';
import { messageOf } from '../errors.ts';
import { createClock } from '../measure/clock.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { Recorder } from '../measure/recorder.ts';
import { TelemetrySampler } from '../measure/telemetry.ts';
import type { Link } from '../plan/link.ts';
import type { RelayParts } from './direction.ts';
import type { FromRelay, RelayPart, ToRelay } from './messages.ts';
import { createQueue } from './precise-queue.ts';
import { relayConnection } from './relayed-connection.ts';

const SNAPSHOT_EVERY_MS = 1000;

function postToCoordinator(message: FromRelay): void {
  if (process.connected) process.send?.(message);
}

/** Reports a snapshot now. */
let reportNow = () => {};

async function open({ links, upstream, host, originNs, seed }: RelayPart): Promise<void> {
  const clock = createClock(originNs);
  const { queue, loop } = createQueue(clock);
  const telemetry = new TelemetrySampler(clock);
  if (loop !== null) telemetry.otherWait = loop;
  const recorder = new Recorder();
  const added = recorder.series('relay_added');
  const cuts = new ReasonCounts();
  const relay: RelayParts = {
    nowNs: () => clock.nowNs(),
    queue,
    onReleased: (excessNs) => added.record(Math.max(0, excessNs)),
  };
  let connections = 0;
  const accept = (link: Link, client: Socket) => {
    const generator = xoroshiro128plus(seed + connections);
    connections += 1;
    relayConnection({
      ...{ relay, link, client },
      server: connectTo(upstream, client),
      random: () => uniformFloat64(generator),
      onCut: (cut) => cuts.add(`${cut} of ${link.text}`),
    });
  };
  const dials = await Promise.all(links.map((link) => listenFor(host, (client) => accept(link, client))));
  keepCompiled();
  postToCoordinator({ type: 'listening', dials });
  let startNs = clock.nowNs();
  reportNow = () => {
    const [recorded, taken] = [recorder.take(), telemetry.sample(loop?.spunNs ?? 0)];
    postToCoordinator({
      type: 'snapshot',
      snapshot: { startNs, recorded, telemetry: taken, cuts: cuts.take() },
    });
    startNs = clock.nowNs();
  };
  setInterval(reportNow, SNAPSHOT_EVERY_MS);
}

/** Connects to the server from the address of the client, so that one address does not run out of ports. */
function connectTo({ host, port }: DialAddress, client: Socket): Socket {
  const { remoteAddress = '' } = client;
  const source = remoteAddress.startsWith('127.') && host.startsWith('127.') ? remoteAddress : null;
  return connect({
    ...{ host, port, lookup: resolveName, noDelay: true, allowHalfOpen: true },
    ...(source === null ? {} : { localAddress: source }),
  });
}

async function listenFor(host: string, accept: (client: Socket) => void): Promise<DialAddress> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, accept);
  server.listen({ host, port: 0, backlog: 4096 });
  await once(server, 'listening');
  return { host, port: (server.address() as AddressInfo).port };
}

function crashRelay(error: unknown): void {
  if (process.connected) process.send?.({ type: 'crash', message: messageOf(error) }, () => process.exit(1));
  else process.exit(1);
}

process.on('message', (message: ToRelay) => {
  if (message.type === 'open') {
    void open(message).catch(crashRelay);
  } else {
    reportNow();
    postToCoordinator({ type: 'finished' });
  }
});
process.on('uncaughtException', crashRelay);
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole process group; the coordinator decides when a relay ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
