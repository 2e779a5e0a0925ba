/** What a reference server is: a name, what it speaks, and how it starts. Runs only in a process of its own. */
export interface ReferenceServer {
  readonly name: string;
  /** One line for `list`. */
  readonly summary: string;
  /** `http`: plain requests that carry envelopes, for clients that poll. */
  readonly protocol: 'socketio' | 'ws' | 'http';
  readonly transports: ReadonlyArray<'websocket' | 'polling' | 'upgrade' | 'short-polling' | 'long-polling'>;
  /** What can be asked of it beyond where to listen; anything else is refused before it starts. */
  readonly settings: ReadonlyArray<keyof ServerSettings>;
  /** What runs it; Node.js unless given. */
  readonly runtime?: 'node' | 'bun';
  /** Packages that it needs and that may be missing, since they are optional dependencies. */
  readonly packages?: readonly string[];
  /** Programs that must be on PATH, and what to do when they are not; a setting may stand in for one. */
  readonly program?: { readonly name: string; readonly hint: string; readonly unless: keyof ServerSettings };
  /** Where its sockets are when no namespace is asked for; `/` unless given. */
  readonly namespace?: string;
  /** Whether it has several processes and tells a client which of them serves it (`which_node`). */
  readonly hasNodes?: boolean;
  start(options: StartOptions): Promise<RunningServer>;
}

/** Each is null or false when it was not asked for. */
export interface ServerSettings {
  /** Socket.IO namespace, beginning with a slash. */
  readonly namespace: string | null;
  /** Per-message deflate of WebSocket. */
  readonly compression: boolean;
  /** Socket.IO's parser. */
  readonly parser: 'default' | 'msgpack';
  /** Socket.IO's connection state recovery. */
  readonly recovery: boolean;
  /** Number of serving processes. */
  readonly processes: number | null;
  /** URL of a Redis that runs already; null to start one of our own. */
  readonly redis: string | null;
  /** How the processes reach each other through Redis. */
  readonly redisAdapter: 'pubsub' | 'sharded' | 'streams';
}

export interface StartOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly settings: ServerSettings;
}

export interface RunningServer {
  /** Where clients connect: `http://host:port` or `ws://host:port`, without a namespace. */
  readonly url: string;
  close(): Promise<void>;
}

export const DEFAULT_SERVER_SETTINGS: ServerSettings = {
  namespace: null,
  compression: false,
  parser: 'default',
  recovery: false,
  processes: null,
  redis: null,
  redisAdapter: 'pubsub',
};
