/** What a reference server is: a name, what it speaks, and how it starts. Runs only in a process of its own. */
export interface ReferenceServer {
  readonly name: string;
  /** One line for `list`. */
  readonly summary: string;
  readonly protocol: 'socketio' | 'ws';
  readonly transports: ReadonlyArray<'websocket' | 'polling'>;
  start(options: StartOptions): Promise<RunningServer>;
}

export interface StartOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface RunningServer {
  /** Where clients connect: `http://host:port` or `ws://host:port`. */
  readonly url: string;
  close(): Promise<void>;
}
