import { Controller, Get, Inject } from '@nestjs/common';
import { ChatsService } from './chats.service.ts';

@Controller('chats')
export class ChatsController {
  readonly #chats: ChatsService<unknown>;

  // Named, since what runs this in the repository does not tell Nest the types of parameters.
  constructor(@Inject(ChatsService) chats: ChatsService<unknown>) {
    this.#chats = chats;
  }

  /** `GET /chats`: how many clients are connected. */
  @Get()
  count(): { readonly clients: number } {
    return { clients: this.#chats.clients.size };
  }
}
