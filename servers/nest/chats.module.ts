import { Controller, type DynamicModule, Get, Inject, Injectable, Module, type Type } from '@nestjs/common';
import type { Payload, Scope } from '../../src/contract/protocol.ts';

/** The connected clients, as the gateway reports them. */
@Injectable()
export class ChatsService<Client> {
  readonly #clients = new Set<Client>();

  get clients(): ReadonlySet<Client> {
    return this.#clients;
  }

  enter(client: Client): void {
    this.#clients.add(client);
  }

  leave(client: Client): void {
    this.#clients.delete(client);
  }
}

@Controller('chats')
class ChatsController {
  readonly #chats: ChatsService<unknown>;

  // Named, because the compiler of the repository emits no parameter types for Nest.
  constructor(@Inject(ChatsService) chats: ChatsService<unknown>) {
    this.#chats = chats;
  }

  /** `GET /chats`: the number of connected clients. */
  @Get()
  count(): { readonly clients: number } {
    return { clients: this.#chats.clients.size };
  }
}

@Module({ controllers: [ChatsController], providers: [ChatsService] })
class ChatsModule {}

/** The module of an application with this gateway. */
export function chatsModule(gateway: Type): DynamicModule {
  return { module: ChatsModule, providers: [gateway] };
}

/** Data of `send_message`: that of sockbench, or that of the seeds, which has no scope and a number for a room. */
export interface ChatMessage {
  readonly message: Payload;
  readonly scope?: Scope;
  readonly chatId?: string | number;
}

/** The scope of a message. Without a scope it is for its room, and without a room for everyone. */
export function scopeOf({ scope, chatId }: ChatMessage): Scope {
  return scope ?? (chatId === undefined ? 'everyone' : 'room');
}
