import type { FrameCodec } from '../contract/target.ts';
import { messageOfText } from '../wire/socketio/engine.ts';
import { type EnteredNamespace, readEvent } from '../wire/socketio/session.ts';
import type { MessageFormat } from './driver.ts';
import { onlyEventIn } from './frame-codec.ts';
import type { Namespaces } from './namespaces.ts';
import { oneOrAll } from './socketio-connection.ts';

const envelopeFormats = new WeakMap<FrameCodec, MessageFormat>();

/** How the events of a codec are written that serves all connections. */
export function envelopeFormatOf(codec: FrameCodec): MessageFormat {
  const format = envelopeFormats.get(codec) ?? {
    eventOf: (message) => {
      const { event, data, id, ack } = onlyEventIn(codec, message) ?? {};
      return event === undefined || id !== undefined || ack !== undefined ? null : { event, data };
    },
  };
  envelopeFormats.set(codec, format);
  return format;
}

const packetFormats = new Map<string, MessageFormat>();

/** How the events of the namespaces of a client are written by the default parser. */
export function packetFormatOf(given: readonly EnteredNamespace[], namespaces: Namespaces): MessageFormat {
  const entered = given.map((entry) => ({ ...entry }));
  const key = JSON.stringify(entered.map((entry) => [entry, namespaces.eventOf(entry.namespace, '')]));
  const format = packetFormats.get(key) ?? {
    eventOf: (bytes) => {
      const message = messageOfText(bytes.toString('utf8'));
      const read = message === null ? null : readEvent(message, entered);
      if (read === null) return null;
      return { event: namespaces.eventOf(read.namespace, read.name), data: oneOrAll(read.args) };
    },
  };
  packetFormats.set(key, format);
  return format;
}
