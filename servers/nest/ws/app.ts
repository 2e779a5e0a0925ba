import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { GatewayMetadata } from '@nestjs/websockets';
import type { ServerSettings } from '../../../src/contract/server.ts';
import { ChatsController } from '../chats.controller.ts';
import { ChatsService } from '../chats.service.ts';
import { chatsGateway } from './chats.gateway.ts';
import { EnvelopeAdapter } from './envelope-adapter.ts';

@Module({})
class ChatsModule {
  static withGateway(options: GatewayMetadata): DynamicModule {
    return {
      module: ChatsModule,
      controllers: [ChatsController],
      providers: [ChatsService, chatsGateway(options)],
    };
  }
}

/** The application of the second seed. */
export async function createApp({ compression }: ServerSettings): Promise<INestApplication> {
  const module = ChatsModule.withGateway({ perMessageDeflate: compression && { threshold: 0 } });
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  return app.useWebSocketAdapter(new EnvelopeAdapter(app));
}
