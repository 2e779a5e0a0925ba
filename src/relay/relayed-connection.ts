import type { Socket } from 'node:net';
import type { Link } from '../plan/link.ts';
import { RelayedDirection, type RelayParts } from './direction.ts';
import { LinkSchedule } from './link-schedule.ts';

/** Why a link ends a connection. */
export type Cut = 'reset' | 'idle-timeout';

export interface RelayedOptions {
  readonly relay: RelayParts;
  readonly link: Link;
  readonly client: Socket;
  /** The connection to the server, which may still be opening. */
  readonly server: Socket;
  readonly random: () => number;
  readonly onCut: (cut: Cut) => void;
}

/** The answer to this request is swallowed. */
const UPGRADE = /^GET [\s\S]*\r\nupgrade:/i;

/**
 * Connects a client with the server over a link. A client is accepted at once, so that the time of a TCP handshake over the
 * link, one round trip, is added before its first bytes.
 */
export function relayConnection({ relay, link, client, server, random, onCut }: RelayedOptions): void {
  const openedNs = relay.nowNs();
  const fromNs = openedNs + 2 * link.latencyMs * 1e6;
  const scheduleFrom = (ns: number) => new LinkSchedule({ link, openedNs, fromNs: ns, random });
  const up = new RelayedDirection(relay, scheduleFrom(fromNs), client, server);
  const down = new RelayedDirection(relay, scheduleFrom(openedNs), server, client);
  const reset = () => {
    for (const direction of [up, down]) direction.cut();
    for (const socket of [client, server]) socket.resetAndDestroy();
  };
  const cut = (why: Cut) => {
    if (client.destroyed) return;
    onCut(why);
    if (why === 'reset') reset();
    else for (const socket of [client, server]) socket.destroySoon();
  };
  const resetTimer = link.resetAfterMs === null ? null : setTimeout(() => cut('reset'), link.resetAfterMs);
  if (link.idleTimeoutMs !== null) client.setTimeout(link.idleTimeoutMs, () => cut('idle-timeout'));
  client.on('data', (bytes: Buffer) => {
    up.take(bytes);
    if (link.swallowUpgrade && UPGRADE.test(bytes.toString('latin1'))) down.isSwallowing = true;
    requireBytesLeft(bytes.length);
  });
  server.on('data', (bytes: Buffer) => {
    down.take(bytes);
    requireBytesLeft(bytes.length);
  });
  let takenBytes = 0;
  const requireBytesLeft = (count: number) => {
    takenBytes += count;
    if (link.resetAfterBytes !== null && takenBytes >= link.resetAfterBytes) cut('reset');
  };
  client.once('end', () => up.takeEnd());
  server.once('end', () => down.takeEnd());
  for (const socket of [client, server]) {
    // What one side does with its connection, the other side sees: also a server that cannot be reached.
    socket.once('error', reset);
    socket.once('close', () => {
      if (resetTimer !== null) clearTimeout(resetTimer);
    });
  }
}
