import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Protocol, Transport } from '../../src/contract/target.ts';
import { listening } from './refusing-servers.ts';

/** The server's end of one client's connection, over which a test sends whatever it likes. */
export interface Peer {
  /** Sends messages of the protocol: WebSocket messages, Engine.IO packets, or bodies of answers to a poll. */
  send(...messages: ReadonlyArray<string | Buffer>): void;
  /** The connection below WebSocket; null for polling. */
  readonly tcp: Socket | null;
  readonly webSocket: WebSocket | null;
}

export interface RawServer {
  readonly url: string;
  /** Resolves to the peer of the client that connected as number `index`, from 0. */
  peer(index: number): Promise<Peer>;
  close(): Promise<void>;
}

export const VALID_HANDSHAKE =
  '0{"sid":"raw","upgrades":[],"pingInterval":60000,"pingTimeout":60000,"maxPayload":1000000}';
/** Separates the packets of an Engine.IO payload. */
const SEPARATOR = '\x1e';

/**
 * A server that speaks as much of a protocol as a client needs to connect. `handshake` replaces what a Socket.IO server
 * sends first, and `entered` what it answers to the packet that enters the namespace.
 */
export async function startRawServer(
  protocol: Protocol,
  transport: Transport,
  {
    handshake = VALID_HANDSHAKE,
    entered = '40{"sid":"raw"}',
  }: { handshake?: string; entered?: string | Buffer } = {},
): Promise<RawServer> {
  const peers: Peer[] = [];
  let onPeer = () => {};
  const add = (peer: Peer) => {
    peers.push(peer);
    onPeer();
  };
  const server = createServer();
  if (protocol === 'http') answerPolls(server, add);
  else if (transport === 'polling') answerEngineIo(server, add, handshake, entered);
  else
    acceptWebSockets(new WebSocketServer({ server }), add, protocol === 'ws' ? null : { handshake, entered });
  const { port, close } = await listening(server);
  return {
    url: `${protocol === 'ws' ? 'ws' : 'http'}://127.0.0.1:${port}`,
    close,
    async peer(index) {
      for (;;) {
        const found = peers[index];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          onPeer = resolve;
        });
      }
    },
  };
}

type AddPeer = (peer: Peer) => void;

function acceptWebSockets(
  server: WebSocketServer,
  add: AddPeer,
  socketio: { readonly handshake: string; readonly entered: string | Buffer } | null,
): void {
  server.on('connection', (webSocket, { socket: tcp }) => {
    // Clients may end a connection that breaks the protocol in any way.
    webSocket.on('error', () => {});
    const send = (...messages: ReadonlyArray<string | Buffer>) => {
      for (const message of messages) webSocket.send(message);
    };
    if (socketio !== null) {
      send(socketio.handshake);
      webSocket.on('message', (message) => {
        if (typeof socketio.entered !== 'string' || String(message).startsWith('40')) send(socketio.entered);
      });
    }
    add({ send, tcp, webSocket });
  });
}

/** Messages wait until the client polls. */
function mailbox(join: (messages: readonly string[]) => string) {
  const waiting: string[] = [];
  let poll: ServerResponse | null = null;
  const flush = () => {
    if (poll === null || waiting.length === 0) return;
    const answered = poll;
    poll = null;
    answered.end(join(waiting.splice(0)));
  };
  return {
    send(...messages: ReadonlyArray<string | Buffer>) {
      waiting.push(
        ...messages.map((message) =>
          typeof message === 'string' ? message : `b${message.toString('base64')}`,
        ),
      );
      flush();
    },
    answer(response: ServerResponse) {
      poll = response;
      flush();
    },
  };
}

type HttpServer = ReturnType<typeof createServer>;

function answerEngineIo(server: HttpServer, add: AddPeer, handshake: string, entered: string | Buffer): void {
  const boxes = new Map<string, ReturnType<typeof mailbox>>();
  server.on('request', (request, response) => {
    const sid = new URL(request.url ?? '', 'http://host').searchParams.get('sid') ?? '';
    const box = boxes.get(sid);
    if (box === undefined && sid !== '') {
      response.writeHead(400).end();
    } else if (box === undefined) {
      const id = `raw${boxes.size}`;
      const created = mailbox((packets) => packets.join(SEPARATOR));
      boxes.set(id, created);
      response.end(handshake.replace('"raw"', `"${id}"`));
      add({ send: created.send, tcp: null, webSocket: null });
    } else if (request.method === 'GET') {
      box.answer(response);
    } else {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        response.end('ok');
        if (body.startsWith('40')) box.send(entered);
      });
    }
  });
}

function answerPolls(server: HttpServer, add: AddPeer): void {
  const boxes = new Map<string, ReturnType<typeof mailbox>>();
  server.on('request', (request, response) => {
    const [, , id = ''] = new URL(request.url ?? '', 'http://host').pathname.split('/');
    const box = boxes.get(id);
    if (box === undefined) {
      const created = mailbox(([first = '', ...rest]) => {
        if (rest.length > 0) created.send(...rest);
        return first;
      });
      boxes.set(`raw${boxes.size}`, created);
      response.writeHead(201).end(JSON.stringify({ id: `raw${boxes.size - 1}` }));
      add({ send: created.send, tcp: null, webSocket: null });
    } else if (request.method === 'GET') box.answer(response);
    else response.writeHead(204).end();
  });
}
