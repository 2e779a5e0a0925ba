import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { GatewayMetadata } from '@nestjs/websockets';
import type { ServerSettings } from '../../../src/contract/server.ts';
import { socketioOptions } from '../../socketio-chat.ts';
import { ChatsController } from '../chats.controller.ts';
import { ChatsService } from '../chats.service.ts';
import { chatsGateway } from './chats.gateway.ts';

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

/** The application of the first seed; `settings` must name a namespace. */
export async function createApp(
  settings: ServerSettings & { readonly namespace: string },
): Promise<INestApplication> {
  const options = { namespace: settings.namespace, ...socketioOptions(settings) };
  const module = ChatsModule.withGateway(options as GatewayMetadata);
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  return app.useWebSocketAdapter(new IoAdapter(app));
}
