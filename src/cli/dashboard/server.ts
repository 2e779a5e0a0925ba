import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, messageOf } from '../../errors.ts';
import { type DashboardEvent, Viewer } from './viewer.ts';

const OWN_ADDRESS = '127.0.0.1';
/** Hosts that reach this server. A page of another site that has its name resolved to 127.0.0.1 sends that name. */
const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;
/** Where a page reads events. Other readers use the path alone. */
export const PAGE_EVENTS = '/events?page';
const MAX_VIEWERS = 32;
/** Streams, and the requests of pages that are being loaded. */
const MAX_CONNECTIONS = 4 * MAX_VIEWERS;
/** Time for the pages that are open to load the final page. */
const LOAD_WITHIN_MS = 5000;
/** Time for answers in flight to be read. */
const VIEWERS_GONE_WITHIN_MS = 1000;
/** After a lost connection, browsers try again so much later. */
const RETRY_MS = 1000;

const HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

interface DashboardServerOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** Begins every id, so that a page notices when another command has taken the port. Has no line break and no dash. */
  readonly run: string;
  /** The page that follows the events. */
  readonly page: string;
  /** Called when a viewer has connected and got the events so far. */
  readonly onViewer: () => void;
}

/** Serves a page on a loopback port, and events to everyone who has it open. Nothing waits for a slow viewer. */
export class DashboardServer {
  readonly url: string;
  readonly #server: Server;
  readonly #onViewer: () => void;
  readonly #viewers = new Set<Viewer>();
  /** The newest event of each slot, for viewers that come late. */
  readonly #newest = new Map<string, DashboardEvent>();
  readonly #run: string;
  #page: string;
  #lastId = 0;
  #isOver = false;
  /** Called when somebody has loaded the final page; null before the end. */
  #onFinalLoad: (() => void) | null = null;

  private constructor(server: Server, { run, page, onViewer }: DashboardServerOptions) {
    this.#server = server;
    this.#run = run;
    this.#page = page;
    this.#onViewer = onViewer;
    this.url = `http://${OWN_ADDRESS}:${(server.address() as AddressInfo).port}/`;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  /** Listens on a port of 127.0.0.1. Throws PORT_UNAVAILABLE. */
  static async open(options: DashboardServerOptions): Promise<DashboardServer> {
    const server = createServer();
    server.maxConnections = MAX_CONNECTIONS;
    try {
      server.listen(options.port, OWN_ADDRESS);
      await once(server, 'listening');
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const why = isTaken ? 'it is in use' : messageOf(error);
      fail(
        'PORT_UNAVAILABLE',
        `the dashboard cannot listen on port ${options.port} of ${OWN_ADDRESS}: ${why}`,
        'Give another port, or --dashboard without a port for a free one.',
      );
    }
    return new DashboardServer(server, options);
  }

  get viewerCount(): number {
    return this.#viewers.size;
  }

  /** Sends an event to all viewers, unless the slot has this data already. `data` must be a value of JSON. */
  publish(slot: string, data: unknown): void {
    const json = JSON.stringify(data);
    if (this.#newest.get(slot)?.json === json) return;
    const event = this.#makeEvent(slot, json);
    for (const viewer of this.#viewers) viewer.send(event);
  }

  /**
   * Serves the final page in place of the live one, and has every open page load it. Resolves when they have, or after 5 s;
   * the server is closed then.
   */
  async finish(page: string): Promise<void> {
    this.#page = page;
    let waiting = [...this.#viewers].filter(({ isPage }) => isPage).length;
    const loaded = Promise.withResolvers<void>();
    this.#onFinalLoad = () => {
      waiting -= 1;
      if (waiting === 0) loaded.resolve();
    };
    this.#endStreams('end', null);
    if (waiting > 0) await Promise.race([loaded.promise, pause(LOAD_WITHIN_MS)]);
    await this.#close();
  }

  /** Shows on every open page why there is no final page, and closes the server. */
  async fail(reason: string): Promise<void> {
    this.#endStreams('failed', reason);
    await this.#close();
  }

  #endStreams(slot: string, data: unknown): void {
    this.#isOver = true;
    const event = this.#makeEvent(slot, JSON.stringify(data));
    for (const viewer of this.#viewers) {
      viewer.send(event);
      viewer.end();
    }
  }

  #makeEvent(slot: string, json: string): DashboardEvent {
    this.#lastId += 1;
    const id = `${this.#run}-${this.#lastId}`;
    const event = { number: this.#lastId, slot, json, text: `id: ${id}\nevent: ${slot}\ndata: ${json}\n\n` };
    // Viewers that come late get the slots in the order of their newest events.
    this.#newest.delete(slot);
    this.#newest.set(slot, event);
    return event;
  }

  /** The number of the last event that a viewer has seen; 0 for one of another command. */
  #lastSeen(id: string | undefined): number {
    const [run, number] = (id ?? '').split('-');
    return run === this.#run ? Number(number) || 0 : 0;
  }

  async #close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    await Promise.race([closed, pause(VIEWERS_GONE_WITHIN_MS)]);
    this.#server.closeAllConnections();
  }

  #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    if (!OWN_HOST.test(headers.host ?? '')) answerRefused(response, 403, `use ${this.url}`);
    else if (method !== 'GET') answerRefused(response, 405, 'only GET is answered');
    else if (url === '/') this.#sendPage(response);
    else if (url === PAGE_EVENTS || url === '/events') {
      const viewer = new Viewer(response, url === PAGE_EVENTS);
      this.#stream(response, viewer, this.#lastSeen(headers['last-event-id']?.toString()));
    } else answerRefused(response, 404, `the dashboard is at ${this.url}`);
  }

  #sendPage(response: ServerResponse): void {
    const onFinalLoad = this.#onFinalLoad;
    // Closing after the answer makes sure that the browser has it all.
    if (onFinalLoad !== null) response.setHeader('Connection', 'close').once('close', onFinalLoad);
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' });
    response.end(this.#page);
  }

  /** Sends what a viewer has not seen yet, and what follows. */
  #stream(response: ServerResponse, viewer: Viewer, lastSeen: number): void {
    if (this.#viewers.size >= MAX_VIEWERS) {
      answerRefused(response, 503, `there are ${MAX_VIEWERS} viewers, which is the maximum`);
      return;
    }
    response.on('close', () => this.#viewers.delete(viewer));
    response.on('error', () => {});
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    response.write(`retry: ${RETRY_MS}\n\n`);
    const missed = [...this.#newest.values()].filter(({ number }) => number > lastSeen);
    for (const event of missed) viewer.send(event);
    if (this.#isOver) {
      viewer.end();
      return;
    }
    this.#viewers.add(viewer);
    this.#onViewer();
  }
}

function answerRefused(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}

/** Waits, and keeps no process alive. */
function pause(durationMs: number): Promise<void> {
  return sleep(durationMs, undefined, { ref: false });
}
