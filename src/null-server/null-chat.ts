import { EnvelopeChat, Rooms } from '../../servers/envelope-chat.ts';
import { type Envelope, SCOPES, type Scope } from '../contract/protocol.ts';
import { OPCODE } from '../wire/rfc6455/frame.ts';
import type { MessageHandlers, NullClient } from './null-client.ts';
import { serverFrame } from './server-frame.ts';
import { startsWith } from './ws-client.ts';

/** Where a published message goes. */
interface Addressees {
  readonly scope: Scope;
  readonly room: string;
}

/** What follows a published message. In a message itself, quotation marks have a backslash before them. */
const SCOPE_START = Buffer.from(',"scope":"');
const AFTER_MESSAGE = /^,"scope":"([\w-]+)"(?:,"chatId":"([^"\\]*)")?\}[}\]]$/;
/** Few audiences are in use at a time. */
const MAX_AUDIENCES = 10_000;

/** The chat of the reference servers with the smallest possible work: a published text is relayed by position. */
export class NullChat extends EnvelopeChat<NullClient> implements MessageHandlers {
  readonly #clients = new Set<NullClient>();
  readonly #rooms = new Rooms<NullClient>(this.#clients);
  /** By what follows the message. */
  readonly #audiences = new Map<string, Addressees | null>();

  enter(client: NullClient): void {
    this.#clients.add(client);
  }

  readonly leave = (client: NullClient): void => {
    this.#clients.delete(client);
    this.#rooms.leave(client);
  };

  readonly relay = (sender: NullClient, text: Buffer): boolean => {
    const { published, delivered, deliveredEnd } = sender.relay;
    if (!startsWith(text, published)) return false;
    const at = text.lastIndexOf(SCOPE_START);
    const audience = at < 0 ? null : this.#audienceOf(text.toString('utf8', at));
    if (audience === null) return false;
    const message = text.subarray(published.length, at);
    this.#sendToAll(sender, audience, serverFrame(OPCODE.text, delivered, message, deliveredEnd));
    return true;
  };

  #audienceOf(tail: string): Addressees | null {
    const known = this.#audiences.get(tail);
    if (known !== undefined) return known;
    const [, name, room = ''] = AFTER_MESSAGE.exec(tail) ?? [];
    const scope = SCOPES.find((each) => each === name);
    const audience = scope === undefined ? null : { scope, room };
    if (this.#audiences.size < MAX_AUDIENCES) this.#audiences.set(tail, audience);
    return audience;
  }

  #sendToAll(sender: NullClient, { scope, room }: Addressees, frame: Buffer): void {
    this.#rooms.eachOf(scope, sender, room, (client) => client.write(frame));
  }

  protected override send(client: NullClient, envelope: Envelope): void {
    client.write(client.encode(envelope));
  }

  protected override join(client: NullClient, room: string): void {
    this.#rooms.join(client, room);
  }

  protected override publish(sender: NullClient, envelope: Envelope, scope: Scope, room: string): void {
    this.#sendToAll(sender, { scope, room }, sender.encode(envelope));
  }
}
