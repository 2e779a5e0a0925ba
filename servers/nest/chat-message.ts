import type { Payload, Scope } from '../../src/contract/protocol.ts';

/** Data of `send_message`: ours, and that of the seeds, which has no scope and a number for a room. */
export interface ChatMessage {
  readonly message: Payload;
  readonly scope?: Scope;
  readonly chatId?: string | number;
}

/** Whom a message is for: without a scope whoever is in the room, and without a room everyone. */
export function scopeOf({ scope, chatId }: ChatMessage): Scope {
  return scope ?? (chatId === undefined ? 'everyone' : 'room');
}
