/** What a preset is: a protocol on top of WebSocket, as fields of a target. */
import type { ClientHooks } from '../contract/hooks.ts';
import type { Mapping } from '../contract/mapping.ts';
import type { Scope } from '../contract/protocol.ts';
import type { CodecOfConnection, FrameCodec, PerClient } from '../contract/target.ts';
import { fail } from '../errors.ts';

export type ObjectData = Readonly<Record<string, unknown>>;
export type QueryFields = Readonly<Record<string, string>>;

/** The fields of a user's target that presets read. */
export interface GivenTarget extends ClientHooks {
  readonly name?: string;
  readonly url: PerClient<string>;
  readonly server?: string;
  readonly codec?: FrameCodec | CodecOfConnection;
  readonly auth?: PerClient<ObjectData>;
  readonly query?: PerClient<QueryFields>;
}

/** The fields that a preset sets. */
export interface PresetFields extends Partial<Mapping>, Omit<ClientHooks, 'prepare'> {
  readonly codec: FrameCodec | CodecOfConnection;
  readonly protocols?: string | readonly string[];
  readonly query?: QueryFields;
}

export interface Preset {
  /** One line for the documentation. */
  readonly summary: string;
  /** What `auth` of the target becomes; null where the protocol has no place for it. */
  readonly auth: string | null;
  /** Defaults. A field that the user gives replaces the one of the preset; hooks are carried out beside each other. */
  readonly fields: (given: GivenTarget) => PresetFields;
  /** Fields that are built around those that the user gives. */
  readonly around?: (given: GivenTarget) => Partial<GivenTarget>;
}

export function isObjectData(value: unknown): value is ObjectData {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The data of an event as fields; none for anything else. */
export function objectOf(data: unknown): ObjectData {
  return isObjectData(data) ? data : {};
}

/** A text in the data of an event that a client sends. Throws MISSING_IN_EVENT. */
export function requireText(event: string, data: unknown, field: string, example: string): string {
  const value = objectOf(data)[field];
  if (typeof value === 'string' && value !== '') return value;
  return fail('MISSING_IN_EVENT', `the data of the event "${event}" have no ${field}`, `Write ${example}.`);
}

/** Reads a number that this client sent as text; null for an id that the user chose. */
export function callIdIn(id: unknown): number | null {
  return typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : null;
}

/** The room of a message, which is a topic. Throws ROOMS_ONLY for a scope that topics do not have. */
export function roomOf(
  preset: string,
  { scope, room }: { readonly scope: Scope; readonly room: string | null },
): string {
  if (scope === 'room' && room !== null) return room;
  return fail(
    'ROOMS_ONLY',
    `the publish of protocol: '${preset}' sends to rooms, not to ${scope}`,
    'Run room-fanout, or set publish, and subscribe to its topic in opened.',
  );
}
