import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../measure/clock.ts';
import type { Timers } from '../../measure/timers.ts';
import type { RendezvousPlace } from '../../plan/rendezvous-place.ts';
import type { Shard } from '../../plan/shard.ts';
import { FolderRendezvous } from './folder.ts';
import { readBoot } from './host-clock.ts';
import type { Participant } from './meeting.ts';
import type { Rendezvous } from './rendezvous.ts';
import { openSharedFolder } from './shared-folder.ts';
import { StartAt } from './start-at.ts';
import { UrlGuest } from './url-guest.ts';
import { UrlHost } from './url-host.ts';

export interface RendezvousOptions {
  readonly place: RendezvousPlace;
  readonly shard: Shard;
  /** How long a shard waits for the others, from the moment that its own clients have connected. */
  readonly timeoutMs: number;
  /** The origin of {@link clock}: that of `shardOriginNs`, so that shards of one machine compare exactly. */
  readonly originNs: bigint;
  readonly clock: Clock;
  readonly timers: Timers;
  /** What the host is; replaced by tests. */
  readonly host?: Partial<Surroundings>;
}

/** What a shard knows of its host. */
interface Surroundings {
  readonly hostname: string;
  /** Names the boot of the machine; null where it is unknown. */
  readonly boot: string | null;
  /** The time on the wall, in milliseconds since 1970. */
  readonly wallMs: () => number;
  /** A text of 32 hexadecimal digits, different at each call. */
  readonly newNonce: () => string;
}

function readSurroundings(): Surroundings {
  return {
    hostname: hostname(),
    boot: readBoot(),
    wallMs: Date.now,
    newNonce: () => randomBytes(16).toString('hex'),
  };
}

/**
 * Opens the rendezvous of a shard. Call it before the clients connect, and close it however the run ends. Throws a
 * SockbenchError when the folder cannot be used, or when shard 1 cannot listen on the port of the URL.
 */
export async function createRendezvous(options: RendezvousOptions): Promise<Rendezvous> {
  const { place, shard, timeoutMs, originNs, clock, timers } = options;
  const { boot, ...surroundings } = { ...readSurroundings(), ...options.host };
  const hostClock = { boot, originNs: String(originNs) };
  const own: Participant = { shard, timeoutMs, clock, timers, hostClock, ...surroundings };
  switch (place.kind) {
    case 'start-at':
      return new StartAt(own, place.startAtMs);
    case 'folder': {
      const nonce = own.newNonce();
      const folder = new FolderRendezvous(own, nonce, await openSharedFolder(place.folder, nonce));
      await folder.open();
      return folder;
    }
    case 'url': {
      if (shard.index > 1) return new UrlGuest(own, place.url);
      const host = new UrlHost(own, place.url);
      await host.open();
      return host;
    }
  }
}
