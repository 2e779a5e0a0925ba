/** The one table of presets: protocols on top of WebSocket that `protocol` of a target may name. */
import type { ClientHooks } from '../contract/hooks.ts';
import { type Client, forClient, type PerClient } from '../contract/target.ts';
import { actionCable } from './action-cable.ts';
import { graphqlWs } from './graphql-ws.ts';
import { jsonRpc } from './json-rpc.ts';
import { mqtt } from './mqtt.ts';
import { phoenix } from './phoenix.ts';
import type { GivenTarget, Preset, PresetFields, QueryFields } from './preset.ts';
import { signalr } from './signalr.ts';
import { sockjs } from './sockjs.ts';
import { stomp } from './stomp.ts';

export const PRESETS = {
  'graphql-ws': graphqlWs,
  mqtt,
  stomp,
  signalr,
  phoenix,
  'action-cable': actionCable,
  sockjs,
  'json-rpc': jsonRpc,
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

export function isPresetName(name: unknown): name is PresetName {
  return typeof name === 'string' && Object.hasOwn(PRESETS, name);
}

/**
 * The target that a preset makes of the fields of a user. Those of the user replace those of the preset, and these are
 * combined: the preset connects before `opened` and disconnects after `leave`; `answer` and `query` are merged.
 */
export function withPreset<T extends GivenTarget>(name: PresetName, given: T): T & PresetFields {
  const preset: Preset = PRESETS[name];
  const fields = preset.fields(given);
  return { ...fields, ...given, ...combined(fields, given), ...preset.around?.(given) };
}

type Combined = Pick<ClientHooks, 'opened' | 'leave' | 'answer'> & Pick<GivenTarget, 'query'>;

function combined(fields: PresetFields, given: GivenTarget): Combined {
  const opened = inOrder(fields.opened, given.opened);
  const leave = inOrder(given.leave, fields.leave);
  const answer = { ...fields.answer, ...given.answer };
  return {
    ...(opened === undefined ? {} : { opened }),
    ...(leave === undefined ? {} : { leave }),
    ...(Object.keys(answer).length === 0 ? {} : { answer }),
    ...(fields.query === undefined ? {} : { query: mergedQuery(fields.query, given.query) }),
  };
}

type Hook = NonNullable<ClientHooks['opened']>;

function inOrder(first: Hook | undefined, second: Hook | undefined): Hook | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return async (connection, client) => {
    await first(connection, client);
    await second(connection, client);
  };
}

function mergedQuery(
  defaults: QueryFields,
  given: PerClient<QueryFields> | undefined,
): PerClient<QueryFields> {
  if (typeof given !== 'function') return { ...defaults, ...given };
  return async (client: Client) => ({ ...defaults, ...(await forClient(given, client)) });
}
