import type { ReferenceServer } from '../src/contract/server.ts';
import { allowDecorators, NEST_PACKAGES, startNest } from './nest-app.ts';

const DEFAULT_NAMESPACE = '/chats';

export const server: ReferenceServer = {
  name: 'nest-socketio',
  summary: `NestJS gateway on Socket.IO (with Express), namespace ${DEFAULT_NAMESPACE}, rooms in memory`,
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  settings: ['namespace', 'compression', 'parser', 'recovery', 'recoveryWindow'],
  packages: [...NEST_PACKAGES, '@nestjs/platform-socket.io'],
  namespace: DEFAULT_NAMESPACE,
  async start(options) {
    await allowDecorators();
    const { createSocketioApp } = await import('./nest/socketio.gateway.ts');
    const { settings } = options;
    const app = await createSocketioApp({ ...settings, namespace: settings.namespace ?? DEFAULT_NAMESPACE });
    return startNest(app, 'http', options);
  },
};
