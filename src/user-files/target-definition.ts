import type { ClientHooks } from '../contract/hooks.ts';
import type { Mapping } from '../contract/mapping.ts';
import type {
  CodecOfConnection,
  FrameCodec,
  PerClient,
  Protocol,
  SocketioParser,
  TlsOptions,
  Transport,
} from '../contract/target.ts';
import type { PresetName } from '../presets/index.ts';

type ClientRecord = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string>>;

/**
 * A server of the user: its URL, how clients connect, what they do in their life, and how operations become its events.
 * The rows of target-fields.ts say when each function is called.
 */
export interface TargetDefinition extends Mapping, ClientHooks {
  readonly name?: string;
  readonly url: PerClient<string>;
  /** Where the server listens. Needed where the function `url` needs what `prepare` returns. */
  readonly server?: string;
  readonly protocol?: Protocol;
  readonly exec?: string;
  readonly transport?: Transport;
  readonly namespace?: PerClient<string>;
  readonly namespaces?: PerClient<readonly string[] | Texts>;
  readonly parser?: 'default' | 'msgpack' | SocketioParser;
  readonly path?: PerClient<string>;
  readonly protocols?: PerClient<string | readonly string[]>;
  readonly tls?: TlsOptions;
  readonly codec?: FrameCodec | CodecOfConnection;
  readonly clients?: string | ((number: number) => ClientRecord | Promise<ClientRecord>);
  readonly auth?: PerClient<ClientRecord>;
  readonly headers?: PerClient<Texts>;
  readonly query?: PerClient<Texts>;
}

/** A target as a user writes it: `protocol` may name a preset. */
export interface WrittenTarget extends Omit<TargetDefinition, 'protocol'> {
  readonly protocol?: Protocol | PresetName;
}

/** Types a target. */
export function defineTarget(definition: WrittenTarget): WrittenTarget {
  return definition;
}
