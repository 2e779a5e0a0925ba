import type { DecodedEvent, Frame, FrameCodec } from '../../src/contract/target.ts';
import { PRESETS, type PresetName } from '../../src/presets/index.ts';
import type { GivenTarget } from '../../src/presets/preset.ts';

export const CLIENT = { number: 3, values: {} };

/** The codec that a preset makes for a connection. */
export function codecOf(name: PresetName, given: Partial<GivenTarget> = {}): FrameCodec {
  const target = { url: 'ws://127.0.0.1:3000', ...given };
  const { codec } = { ...PRESETS[name].fields(target), ...PRESETS[name as 'sockjs'].around?.(target) };
  if (codec === undefined) throw new Error('the preset has no codec');
  return typeof codec === 'function' ? codec(CLIENT, null) : codec;
}

/** All events in messages, each text or bytes. */
export function decodeAll(codec: FrameCodec, ...messages: readonly Frame[]): DecodedEvent[] {
  return messages.flatMap((message) => {
    const decoded = codec.decode(Buffer.from(message as string), typeof message !== 'string');
    if (decoded === null) return [];
    return Array.isArray(decoded) ? decoded : [decoded as DecodedEvent];
  });
}
