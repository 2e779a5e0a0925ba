import { extname, join } from 'node:path';
import type { ServerSettings } from '../../src/contract/server.ts';

/** How the serving processes reach each other. */
export type NodeAdapter = { readonly kind: 'cluster' } | RedisPlan;

export interface RedisPlan {
  readonly kind: ServerSettings['redisAdapter'];
  readonly url: string;
  /** Before the names of all channels and streams, so that several servers can share one Redis. */
  readonly prefix: string;
}

/** What one serving process is given. */
export interface NodePlan {
  /** Its number, from 0. */
  readonly node: number;
  readonly settings: ServerSettings;
  readonly adapter: NodeAdapter;
}

/** The child entry of a serving process. */
export const NODE_ENTRY = join(import.meta.dirname, `node${extname(import.meta.filename)}`);

/** From a serving process: it serves. */
export const SERVING = 'sockbench:serving';
/** To a serving process: it shall end its connections and itself. */
export const CLOSE = 'sockbench:close';

/** Whether this is what came from the other end of a channel that others use too. */
export function isMessage(
  message: unknown,
  type: string,
): message is { readonly type: string; readonly data?: unknown } {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}
