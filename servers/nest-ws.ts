import type { ReferenceServer } from '../src/contract/server.ts';
import { allowDecorators, NEST_PACKAGES, startNest } from './nest-app.ts';

export const server: ReferenceServer = {
  name: 'nest-ws',
  summary: 'NestJS gateway on raw WebSocket (ws, with Express), rooms kept by the gateway',
  protocol: 'ws',
  transports: ['websocket'],
  settings: ['compression'],
  packages: [...NEST_PACKAGES, '@nestjs/platform-ws'],
  async start(options) {
    await allowDecorators();
    const { createWsApp } = await import('./nest/ws.gateway.ts');
    return startNest(await createWsApp(options.settings), 'ws', options);
  },
};
