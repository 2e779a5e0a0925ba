import type { ReferenceServer } from '../src/contract/server.ts';

export const server: ReferenceServer = {
  name: 'socketio-cluster',
  summary: 'Socket.IO on several Node.js processes with sticky sessions and the cluster adapter',
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  settings: ['namespace', 'compression', 'parser', 'processes'],
  packages: ['@socket.io/cluster-adapter', '@socket.io/sticky'],
  hasNodes: true,
  async start(options) {
    const { ServingProcesses } = await import('./cluster/primary.ts');
    return ServingProcesses.start(options, { kind: 'cluster' });
  },
};
