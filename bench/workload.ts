import type { BenchProtocol } from './protocols.ts';

/** What is done to a client while its cost is measured. */
export interface Workload {
  readonly name: string;
  /**
   * `broadcast`: everybody receives what one client publishes. `request`: clients send requests in turn. `paced`: one
   * client publishes to one other, in two processes. `idle`: connections are held. `watched`: a broadcast in a run that
   * may have a dashboard.
   */
  readonly kind: 'broadcast' | 'request' | 'paced' | 'idle' | 'watched';
  readonly protocol: BenchProtocol;
  readonly connections: number;
  /** Broadcasts or requests. */
  readonly rateHz: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/**
 * What was measured of one client in one round, each where the client has it. `cpu` and `server`: CPU time in us per
 * delivery or request. `rss`: KiB of the process. `connect`: connections per second. `sends`, `receives`,
 * `senderSpins` and `receiverSpins`: CPU of a process in percent of a core. `lagP50`, `lagP99` and `deliveryP50`: us.
 */
export type ClientFigures = Readonly<Partial<Record<MeasuredName, number>>>;

export type MeasuredName =
  | 'cpu'
  | 'server'
  | 'rss'
  | 'connect'
  | 'sends'
  | 'receives'
  | 'senderSpins'
  | 'receiverSpins'
  | 'lagP50'
  | 'lagP99'
  | 'deliveryP50';

/** A client that is compared with others. */
export interface Arm {
  readonly name: string;
  readonly title: string;
  /** Version, or what it is. */
  readonly remark: string;
  readonly kinds: ReadonlyArray<Workload['kind']>;
  readonly protocols: readonly BenchProtocol[];
  /** `note` takes what a reader of the figures must know. */
  measure(workload: Workload, note: (text: string) => void): Promise<ClientFigures>;
}
