import type { ReferenceServer } from '../src/contract/server.ts';
import { allowDecorators, NEST_PACKAGES, startNest } from './nest-app.ts';

export const server: ReferenceServer = {
  name: 'nest-ws',
  summary: 'NestJS gateway on raw WebSocket (ws, and Express), rooms of its own',
  protocol: 'ws',
  transports: ['websocket'],
  settings: ['compression'],
  packages: [...NEST_PACKAGES, '@nestjs/platform-ws'],
  async start(options) {
    await allowDecorators();
    const { createApp } = await import('./nest/ws/app.ts');
    return startNest(await createApp(options.settings), 'ws', options);
  },
};
