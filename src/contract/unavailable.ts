/** What one might ask for and cannot have anywhere from npm alone: why, and what to do instead. */
export interface Unavailable {
  readonly reason: string;
  readonly hint: string;
}

export const UNAVAILABLE_SERVERS: Readonly<Record<string, Unavailable>> = {
  uwebsockets: {
    reason: 'uWebSockets.js is not on npm; its author publishes its binaries on GitHub only',
    hint: 'Measure a server of your own that has it with --exec and --target; bun-ws runs on the same C++ library.',
  },
};

export const UNAVAILABLE_TRANSPORTS: Readonly<Record<string, Unavailable>> = {
  webtransport: {
    reason:
      'neither Node.js nor Bun has WebTransport, and @fails-components/webtransport, which adds it to Engine.IO, fetches its binary from GitHub',
    hint: 'Choose websocket or polling.',
  },
};

/** The entry of a name; undefined for any other name. */
export function unavailable(
  table: Readonly<Record<string, Unavailable>>,
  name: string,
): Unavailable | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
