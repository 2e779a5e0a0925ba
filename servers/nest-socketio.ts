import type { ReferenceServer } from '../src/contract/server.ts';
import { allowDecorators, NEST_PACKAGES, startNest } from './nest-app.ts';

const NAMESPACE = '/chats';

export const server: ReferenceServer = {
  name: 'nest-socketio',
  summary: `NestJS gateway on Socket.IO (and Express), namespace ${NAMESPACE}, in-memory rooms`,
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  settings: ['namespace', 'compression', 'parser', 'recovery'],
  packages: [...NEST_PACKAGES, '@nestjs/platform-socket.io'],
  namespace: NAMESPACE,
  async start(options) {
    await allowDecorators();
    const { createApp } = await import('./nest/socketio/app.ts');
    const { settings } = options;
    const app = await createApp({ ...settings, namespace: settings.namespace ?? NAMESPACE });
    return startNest(app, 'http', options);
  },
};
