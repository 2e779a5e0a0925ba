import { Injectable } from '@nestjs/common';

/** Who is connected, as the gateway was told. */
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
