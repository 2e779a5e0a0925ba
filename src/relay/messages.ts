import type { DialAddress } from '../contract/address.ts';
import type { Recorded } from '../measure/recorder.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';
import type { Link } from '../plan/link.ts';

/** From the coordinator to the relay. */
export type ToRelay =
  | ({ readonly type: 'open' } & RelayPart)
  /** Report the last snapshot. Connections are still relayed. */
  | { readonly type: 'finish' };

/** What a relay has to do. */
export interface RelayPart {
  readonly links: readonly Link[];
  /** Where the server listens. */
  readonly upstream: DialAddress;
  /** The address to listen on. */
  readonly host: string;
  readonly originNs: bigint;
  readonly seed: number;
}

/** What a relay did in about a second. */
export interface RelaySnapshot {
  readonly startNs: number;
  readonly recorded: Recorded;
  readonly telemetry: TelemetrySample;
  /** Connections that links have ended, by reason. */
  readonly cuts: ReadonlyArray<{ readonly reason: string; readonly count: number }>;
}

export type FromRelay =
  /** It listens: one address for each link. */
  | { readonly type: 'listening'; readonly dials: readonly DialAddress[] }
  | { readonly type: 'snapshot'; readonly snapshot: RelaySnapshot }
  /** The snapshot before was the last. */
  | { readonly type: 'finished' }
  /** It cannot listen, or has a bug, and ends. */
  | { readonly type: 'crash'; readonly message: string };
