import { isThisMachine } from '../contract/address.ts';
import { flagOf } from '../contract/options.ts';
import type { Protocol, Transport } from '../contract/target.ts';
import { fail } from '../errors.ts';
import type { TargetPlan } from '../plan/plan.ts';
import type { SettingName } from '../plan/settings.ts';
import type { TargetDefinition } from '../user-files/target-definition.ts';

/** Settings of the clients of a server that sockbench does not start. */
export const CLIENT_SETTINGS: Readonly<Record<Protocol, readonly SettingName[]>> = {
  socketio: ['namespace', 'parser', 'compression'],
  ws: ['compression'],
  http: ['pollInterval'],
};

/** Fields that only some servers have a meaning for. */
const PROTOCOLS_OF_FIELDS: Readonly<
  Partial<Record<keyof TargetDefinition, { readonly protocols: readonly Protocol[]; readonly hint: string }>>
> = {
  codec: {
    protocols: ['ws'],
    hint: 'Remove codec; for Socket.IO, parser replaces the parser of packets. A URL of ws: or wss: is raw WebSocket.',
  },
  namespaces: { protocols: ['socketio'], hint: 'Remove namespaces; a URL of http: or https: is Socket.IO.' },
  parser: { protocols: ['socketio'], hint: 'Remove parser; codec translates the messages of raw WebSocket.' },
  protocols: {
    protocols: ['ws', 'socketio'],
    hint: 'Remove protocols; subprotocols are part of the WebSocket handshake.',
  },
};

/** Throws BAD_TARGET_FILE for a field of a target that its protocol or its transports have no meaning for. */
export function requireFittingFields(
  definition: TargetDefinition,
  file: string,
  protocol: Protocol,
  transports: readonly Transport[],
): void {
  for (const [name, { protocols, hint }] of Object.entries(PROTOCOLS_OF_FIELDS)) {
    if (definition[name as keyof TargetDefinition] === undefined || protocols.includes(protocol)) continue;
    fail('BAD_TARGET_FILE', `${file}: ${name} has no meaning for a server that speaks ${protocol}`, hint);
  }
  if (definition.protocols !== undefined && protocol === 'socketio' && transports.includes('polling')) {
    fail(
      'BAD_TARGET_FILE',
      `${file}: protocols are offered by a WebSocket, but the transport is polling`,
      'Remove protocols, or use --transport websocket.',
    );
  }
}

/** Checks that every given setting is supported. */
export function requireSettings(
  given: readonly SettingName[],
  known: readonly SettingName[],
  whose: string,
): void {
  const foreign = given.find((name) => !known.includes(name));
  if (foreign === undefined) return;
  fail(
    'BAD_SETTING',
    `${flagOf(foreign)} is not supported by ${whose}; supported: ${known.map(flagOf).join(', ') || 'none'}`,
    `Remove ${flagOf(foreign)}.`,
  );
}

/** The times of a server on another host are those of another clock. */
export function pushesOf({ observe }: TargetDefinition, url: URL): TargetPlan['pushes'] {
  if (observe === undefined) return null;
  const { key, sentAt } = observe;
  const clock = isThisMachine(url) ? 'here' : 'elsewhere';
  return { areOwn: key === undefined, sentAt: sentAt === undefined ? 'none' : clock };
}
