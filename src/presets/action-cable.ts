import type { FrameCodec } from '../contract/target.ts';
import { fail } from '../errors.ts';
import { objectOf, type Preset } from './preset.ts';

const CONFIRMED = 'confirm_subscription';
const REJECTED = 'reject_subscription';

/** Identifiers are texts on the wire, usually JSON of an object with `channel`. */
const identifierText = (identifier: unknown) =>
  typeof identifier === 'string' ? identifier : JSON.stringify(identifier);

function identifierOf(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return text;
  }
}

const actionCableCodec: FrameCodec = {
  encode({ event, data, id }) {
    if (id !== undefined) {
      fail(
        'NO_ACKNOWLEDGEMENT',
        `Action Cable does not acknowledge "${event}"`,
        `Write reply: { event: '${CONFIRMED}' } for subscribe, and emit() instead of call().`,
      );
    }
    if (event !== 'message') {
      return JSON.stringify({ command: event, identifier: identifierText(data) });
    }
    const { identifier, data: content } = objectOf(data);
    return JSON.stringify({
      command: 'message',
      identifier: identifierText(identifier),
      data: JSON.stringify(content),
    });
  },
  decode(received) {
    const { type, identifier, message, ...others } = objectOf(JSON.parse(received.toString()));
    if (type === 'ping') return null;
    if (type === undefined)
      return { event: 'message', data: { identifier: identifierOf(identifier), message } };
    const isOfSubscription = type === CONFIRMED || type === REJECTED;
    return { event: String(type), data: isOfSubscription ? identifierOf(identifier) : others };
  },
};

/** https://docs.anycable.io/misc/action_cable_protocol and actioncable/lib/action_cable/connection/base.rb of Rails */
export const actionCable: Preset = {
  summary:
    'Action Cable of Rails (`actioncable-v1-json`). `subscribe` has an identifier, `{ channel, ... }`, and is confirmed by the event `confirm_subscription`; `message` has `{ identifier, data }`.',
  auth: null,
  fields: () => ({
    protocols: ['actioncable-v1-json', 'actioncable-unsupported'],
    codec: actionCableCodec,
    opened: async (connection) => {
      await connection.next('welcome');
    },
    delivery: { event: 'message' },
  }),
};
