import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { endpointOf, isThisMachine, resolveName } from '../../contract/address.ts';
import type { Finding } from '../../result/findings.ts';
import { describeProcess, readProcesses, readSystemFile } from './process-tree.ts';

/** A connection attempt that takes longer has failed: the packet was dropped. */
const ATTEMPT_MS = 1000;
const STILL_LISTENING_WITHIN_MS = 500;
const LISTENING_POLL_MS = 25;

/** States in /proc/net/tcp, see proc_net(5). */
const [ESTABLISHED, CLOSE_WAIT, LISTENING] = ['01', '08', '0A'];

/** Whether something accepts TCP connections there. Gives up after a second, and when `limit` is aborted. */
export async function answers(url: URL, limit: AbortSignal): Promise<boolean> {
  const socket = connect({ ...endpointOf(url), lookup: resolveName });
  const signal = AbortSignal.any([limit, AbortSignal.timeout(ATTEMPT_MS)]);
  // Destroying it may emit another error.
  socket.on('error', () => {});
  try {
    await once(socket, 'connect', { signal });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Names the process that listens on the port of a URL: `process 4711 (node server.js)`, safe to print. `another process`
 * when it belongs to another user or network namespace, and where there is no /proc.
 */
export function describeListener(url: URL): string {
  const sockets = listeningSockets(endpointOf(url).port);
  const found = readProcesses().find(({ pid }) => openFiles(pid).some((file) => sockets.has(file)));
  return found === undefined ? 'another process' : describeProcess(found.pid);
}

/** The listening TCP sockets of a port, as /proc/PID/fd names them: `socket:[12345]`. */
function listeningSockets(port: number): ReadonlySet<string> {
  const listening = socketsAt(port).filter(({ state }) => state === LISTENING);
  return new Set(listening.map(({ inode }) => `socket:[${inode}]`));
}

interface TcpSocket {
  readonly remotePort: number;
  readonly state: string;
  readonly inode: string;
}

/** The TCP sockets of this machine with a local port; none where there is no /proc. */
function socketsAt(port: number): TcpSocket[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => (readSystemFile(path) ?? '').split('\n'))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = '']) => local.endsWith(suffix))
    .map(([, , remote = '', state = '', , , , , , inode = '']) => ({
      remotePort: Number.parseInt(remote.split(':')[1] ?? '', 16),
      state,
      inode,
    }));
}

/**
 * Counts the connections that a server on this machine has not closed, whether their clients have or not; null where this
 * system does not show them, as those of another machine or of a container.
 */
export function countSockets(url: URL): number | null {
  if (!isThisMachine(url)) return null;
  const { port } = endpointOf(url);
  const sockets = socketsAt(port);
  if (!sockets.some(({ state }) => state === LISTENING)) return null;
  const isOpen = ({ remotePort, state }: TcpSocket) =>
    // A client of another address may have the port of the server.
    remotePort !== port && (state === ESTABLISHED || state === CLOSE_WAIT);
  return sockets.filter(isOpen).length;
}

/** What the descriptors of a process refer to; empty for a process of another user. */
function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((descriptor) => linkTarget(`${folder}/${descriptor}`));
  } catch {
    return [];
  }
}

function linkTarget(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    // The descriptor was closed in the meantime.
    return [];
  }
}

/**
 * What still listens where the server did, or begins to within `waitMs`: a process that left its session and its
 * environment cannot be ended with the server.
 */
export async function findListening(url: URL, waitMs = 0): Promise<Finding[]> {
  const deadlineMs = performance.now() + waitMs;
  while (!(await answers(url, AbortSignal.timeout(STILL_LISTENING_WITHIN_MS)))) {
    if (performance.now() >= deadlineMs) return [];
    await delay(LISTENING_POLL_MS);
  }
  const message = `${describeListener(url)} still listens at ${url.host} after the server was stopped`;
  return [{ code: 'still_listening', message }];
}
