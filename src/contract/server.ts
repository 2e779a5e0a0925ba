import type { Protocol, Transport } from './target.ts';

/** A reference server: its name, what it supports, and how it starts. It runs in a process of its own. */
export interface ReferenceServer {
  readonly name: string;
  /** One line for `list`. */
  readonly summary: string;
  readonly protocol: Protocol;
  /** The supported transports; the first is used when the usual one is not among them. */
  readonly transports: readonly Transport[];
  /** The supported settings; any other is refused before the server starts. */
  readonly settings: ReadonlyArray<keyof ServerSettings>;
  /** The program that runs it; Node.js by default. */
  readonly runtime?: 'node' | 'bun';
  /** Optional dependencies that must be installed. */
  readonly packages?: readonly string[];
  /** A program that must be on PATH unless the setting `unless` is given, and what to do when it is missing. */
  readonly program?: { readonly name: string; readonly hint: string; readonly unless: keyof ServerSettings };
  /** The namespace that clients enter when none is given; `/` by default. */
  readonly namespace?: string;
  /** Whether several processes serve, and a client can ask which one serves it (`which_node`). */
  readonly hasNodes?: boolean;
  start(options: StartOptions): Promise<RunningServer>;
}

/** Settings of a reference server; null or false for one that was not given. */
export interface ServerSettings {
  /** Socket.IO namespace, beginning with a slash. */
  readonly namespace: string | null;
  /** Per-message deflate of WebSocket. */
  readonly compression: boolean;
  /** Socket.IO parser. */
  readonly parser: 'default' | 'msgpack';
  /** Socket.IO connection state recovery. */
  readonly recovery: boolean;
  /** How many milliseconds after a cut a session can be restored (`maxDisconnectionDuration`). */
  readonly recoveryWindow: number;
  /** Number of serving processes. */
  readonly processes: number | null;
  /** URL of a running Redis; null starts a redis-server. */
  readonly redis: string | null;
  /** How the processes reach each other through Redis. */
  readonly redisAdapter: 'pubsub' | 'sharded' | 'streams';
}

/** The address on which a server listens, and its settings. */
export interface StartOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly settings: ServerSettings;
}

/** A server that accepts connections. */
export interface RunningServer {
  /** Where clients connect: `http://host:port` or `ws://host:port`, without a namespace. */
  readonly url: string;
  /** Ends one of its processes, and starts it again; resolves when it serves. Of servers with `hasNodes`. */
  restartNode?(restart: NodeRestart): Promise<void>;
  close(): Promise<void>;
}

/** The restart of one process of a server. */
export interface NodeRestart {
  /** Number of the process, from 0. */
  readonly node: number;
  /** SIGTERM lets it close its connections. */
  readonly signal: 'SIGTERM' | 'SIGKILL';
  /** Time from the signal until it is started again; longer where it takes longer to end. */
  readonly downMs: number;
}

/** What the run and the process of a reference server send each other to restart one of its processes. */
export type NodeRestartRequest = NodeRestart & { readonly type: 'restart-node' };
export interface NodeRestartReply {
  readonly type: 'node-restarted';
  readonly node: number;
  /** Null when it serves again. */
  readonly problem: string | null;
}

/**
 * Names of the null server by the protocol that it speaks. It does the smallest possible work, so that a run on it shows
 * what this machine and the generator need by themselves. Calibrations start it; it is no reference server.
 */
export const NULL_SERVERS = { ws: 'null-ws', socketio: 'null-socketio' } as const;

/** Whether this is the name of the null server. */
export function isNullServer(name: string): boolean {
  return Object.values(NULL_SERVERS).some((each) => each === name);
}

/** Number of serving processes of a clustered server by default. */
export const DEFAULT_PROCESSES = 2;

/** The default of Socket.IO. */
export const DEFAULT_RECOVERY_WINDOW_MS = 120_000;

/** The settings of a server when none is given. */
export const DEFAULT_SERVER_SETTINGS: ServerSettings = {
  namespace: null,
  compression: false,
  parser: 'default',
  recovery: false,
  recoveryWindow: DEFAULT_RECOVERY_WINDOW_MS,
  processes: null,
  redis: null,
  redisAdapter: 'pubsub',
};

/** Why a server or transport that exists elsewhere is not supported, and what to use instead. */
export interface Unsupported {
  readonly reason: string;
  readonly hint: string;
}

/** Servers that are not supported, by name. */
export const UNSUPPORTED_SERVERS: ReadonlyMap<string, Unsupported> = new Map(
  Object.entries({
    uwebsockets: {
      reason: 'uWebSockets.js is not on npm; its author publishes its binaries on GitHub only',
      hint: 'Use --target and --exec to measure your own server that uses it; bun-ws is built on the same C++ library.',
    },
  }),
);

/** Transports that are not supported, by name. */
export const UNSUPPORTED_TRANSPORTS: ReadonlyMap<string, Unsupported> = new Map(
  Object.entries({
    webtransport: {
      reason:
        'neither Node.js nor Bun implements WebTransport, and @fails-components/webtransport, which adds it to Engine.IO, downloads its binary from GitHub',
      hint: 'Choose websocket or polling.',
    },
  }),
);
