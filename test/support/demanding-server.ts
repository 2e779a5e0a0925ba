import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { Server } from 'socket.io';
import { type WebSocket, WebSocketServer } from 'ws';
import { listening } from './refusing-servers.ts';

export const PASSWORD = 'open sesame';
/** A client that does not answer a ping for so long is closed: longer than a busy machine holds it up. */
const SILENT_MS = 5000;
const PING_MS = 100;

/** How the server talks to one client, over either protocol. */
interface Peer {
  send(event: string, data: unknown): void;
  close(reason: string): void;
}

/** What a client of the server did; a test reads it. */
export interface Log {
  readonly logins: string[];
  readonly left: string[];
  readonly closed: string[];
  alive: number;
  pongs: number;
}

/** The rules of the server: a login over HTTP, a hello, answers to pings, and a goodbye. */
class Rules {
  readonly log: Log = { logins: [], left: [], closed: [], alive: 0, pongs: 0 };
  readonly #peers = new Set<Peer>();

  /** Answers the login by a cookie. */
  readonly http: HttpServer = createServer(async (request, response) => {
    const { user, password } = (await json(request)) as { user: string; password: string };
    if (password !== PASSWORD) {
      response.writeHead(401).end(`{"error":"wrong password for ${user}"}`);
      return;
    }
    this.log.logins.push(user);
    response.setHeader('set-cookie', [`user=${user}; HttpOnly; Path=/`, 'theme=dark']).end();
  });

  /** The user of a request, by its cookie; null without a login. */
  userOf({ headers: { cookie = '' } }: IncomingMessage): string | null {
    const [, user = ''] = /(?:^|; )user=([^;]*)/.exec(cookie) ?? [];
    return this.log.logins.includes(user) ? user : null;
  }

  /** Greets a client; the first two events come with the end of the handshake. Returns what takes its events. */
  enter(user: string, peer: Peer, silentMs = SILENT_MS) {
    let answeredMs = Date.now();
    const beat = setInterval(() => {
      if (Date.now() - answeredMs > silentMs) this.#close(peer, 'silent for too long');
      else peer.send('ping', 1);
    }, PING_MS);
    peer.send('welcome', user);
    peer.send('ping', 0);
    return {
      gone: () => {
        clearInterval(beat);
        this.#peers.delete(peer);
      },
      take: (event: string, data: unknown, acknowledge: () => void) => {
        if (event === 'pong') {
          answeredMs = Date.now();
          this.log.pongs += 1;
        }
        if (event === 'alive') this.log.alive += 1;
        if (event === 'hello') this.#admit(user, data, peer);
        if (event === 'say' && !this.#peers.has(peer)) this.#close(peer, 'say hello first');
        if (event === 'say') for (const each of this.#peers) each.send('said', data);
        if (event !== 'bye') return;
        this.log.left.push(user);
        acknowledge();
      },
    };
  }

  #admit(user: string, name: unknown, peer: Peer): void {
    if (name !== user) {
      this.#close(peer, 'wrong name');
      return;
    }
    this.#peers.add(peer);
    peer.send('ready', null);
  }

  #close(peer: Peer, reason: string): void {
    this.log.closed.push(reason);
    peer.close(reason);
  }
}

/** A server that closes clients which do not log in, say hello and answer its pings, over raw WebSocket. */
export async function demandingWs(silentMs?: number) {
  const rules = new Rules();
  const server = new WebSocketServer({ noServer: true });
  rules.http.on('upgrade', (request, socket, head) => {
    const user = rules.userOf(request);
    if (user === null) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    else server.handleUpgrade(request, socket, head, (client) => serve(rules, user, client, silentMs));
  });
  return { ...(await listening(rules.http)), log: rules.log };
}

function serve(rules: Rules, user: string, client: WebSocket, silentMs?: number): void {
  const peer: Peer = {
    send: (event, data) => client.send(JSON.stringify({ event, data })),
    close: (reason) => client.close(4400, reason),
  };
  const { take, gone } = rules.enter(user, peer, silentMs);
  client.on('message', (text) => {
    const { event, data, id } = JSON.parse(String(text));
    take(event, data, () => client.send(JSON.stringify({ event, data: null, ack: id })));
  });
  client.on('close', gone);
}

/** The same over Socket.IO. */
export async function demandingSocketio() {
  const rules = new Rules();
  const io = new Server(rules.http, { serveClient: false });
  io.use((socket, next) =>
    next(rules.userOf(socket.request) === null ? new Error('log in first') : undefined),
  );
  io.on('connection', (socket) => {
    const { take, gone } = rules.enter(rules.userOf(socket.request) ?? '', {
      send: (event, data) => socket.emit(event, data),
      close: () => socket.disconnect(true),
    });
    socket.onAny((event, data, ...rest) => {
      // `call` of an event without data sends the acknowledgement alone.
      const acknowledge = [data, ...rest].find((each) => typeof each === 'function');
      take(event, typeof data === 'function' ? undefined : data, acknowledge ?? (() => {}));
    });
    socket.on('disconnect', gone);
  });
  return { ...(await listening(rules.http)), log: rules.log };
}
