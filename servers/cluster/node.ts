/**
 * Child entry: `node node.ts PLAN` is one of several processes that serve the Socket.IO chat behind one port. The
 * primary process hands connections to it and decides when it ends.
 */
import { createServer } from 'node:http';
import { createAdapter as createClusterAdapter } from '@socket.io/cluster-adapter';
import { setupWorker } from '@socket.io/sticky';
import { Server } from 'socket.io';
import { serveChat, socketioOptions } from '../socketio-chat.ts';
import { bindBeforeAnswer, CLOSE, isMessage, type NodeAdapter, type NodePlan, SERVING } from './channel.ts';

// These signals reach the whole process group, but the primary decides when this process ends.
process.on('SIGTERM', () => {});
process.on('SIGINT', () => {});

async function adapterOf(adapter: NodeAdapter) {
  if (adapter.kind === 'cluster') return createClusterAdapter();
  const { createRedisAdapter } = await import('./redis-adapter.ts');
  return createRedisAdapter(adapter);
}

const { node, settings, adapter } = JSON.parse(process.argv[2] ?? '') as NodePlan;
const io = new Server(createServer(), { ...socketioOptions(settings), adapter: await adapterOf(adapter) });
setupWorker(io);
bindBeforeAnswer(io);
serveChat(io, settings, node);

process.on('message', (message) => {
  if (!isMessage(message, CLOSE)) return;
  // Those of this process: the adapter would disconnect the clients of all.
  io.local.disconnectSockets(true);
  io.engine.close();
  setImmediate(() => process.exit(0));
});
process.send?.({ type: SERVING });
