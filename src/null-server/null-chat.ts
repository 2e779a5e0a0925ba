import { EnvelopeChat, Rooms } from '../../servers/envelope-chat.ts';
import { type Envelope, SCOPES, type Scope } from '../contract/protocol.ts';
import { OPCODE } from '../wire/rfc6455/frame.ts';
import type { MessageHandlers, NullConnection } from './null-connection.ts';
import { serverFrame } from './server-frame.ts';
import { startsWith } from './ws-connection.ts';

/** Where a published message goes. */
interface Audience {
  readonly scope: Scope;
  readonly room: string;
}

/** What follows a published message. In a message itself, quotation marks have a backslash before them. */
const SCOPE = Buffer.from(',"scope":"');
const TAIL = /^,"scope":"([\w-]+)"(?:,"chatId":"([^"\\]*)")?\}[}\]]$/;
/** Few audiences are in use at a time. */
const MAX_AUDIENCES = 10_000;

/** The chat of the reference servers with the smallest possible work: a published text is relayed by position. */
export class NullChat extends EnvelopeChat<NullConnection> implements MessageHandlers {
  readonly #clients = new Set<NullConnection>();
  readonly #rooms = new Rooms<NullConnection>(this.#clients);
  /** By what follows the message. */
  readonly #audiences = new Map<string, Audience | null>();

  enter(client: NullConnection): void {
    this.#clients.add(client);
  }

  readonly leave = (client: NullConnection): void => {
    this.#clients.delete(client);
    this.#rooms.leave(client);
  };

  readonly relay = (sender: NullConnection, text: Buffer): boolean => {
    const { published, delivered, deliveredEnd } = sender.relay;
    if (!startsWith(text, published)) return false;
    const at = text.lastIndexOf(SCOPE);
    const audience = at < 0 ? null : this.#audienceOf(text.toString('utf8', at));
    if (audience === null) return false;
    const message = text.subarray(published.length, at);
    this.#sendToAll(sender, audience, serverFrame(OPCODE.text, delivered, message, deliveredEnd));
    return true;
  };

  #audienceOf(tail: string): Audience | null {
    const known = this.#audiences.get(tail);
    if (known !== undefined) return known;
    const [, name, room = ''] = TAIL.exec(tail) ?? [];
    const scope = SCOPES.find((each) => each === name);
    const audience = scope === undefined ? null : { scope, room };
    if (this.#audiences.size < MAX_AUDIENCES) this.#audiences.set(tail, audience);
    return audience;
  }

  #sendToAll(sender: NullConnection, { scope, room }: Audience, frame: Buffer): void {
    this.#rooms.eachOf(scope, sender, room, (client) => client.write(frame));
  }

  protected override send(client: NullConnection, envelope: Envelope): void {
    client.write(client.encode(envelope));
  }

  protected override join(client: NullConnection, room: string): void {
    this.#rooms.join(client, room);
  }

  protected override publish(sender: NullConnection, envelope: Envelope, scope: Scope, room: string): void {
    this.#sendToAll(sender, { scope, room }, sender.encode(envelope));
  }
}
