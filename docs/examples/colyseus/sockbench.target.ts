import { defineTarget } from 'sockbench';
import { messages } from './messages.ts';

const host = `127.0.0.1:${process.env['PORT'] ?? 3000}`;

export default defineTarget({
  name: 'Colyseus',
  server: `ws://${host}`,
  exec: 'node server.js',
  // Matchmaking over HTTP reserves a seat in a room, which the WebSocket then takes.
  prepare: async () => {
    const response = await fetch(`http://${host}/matchmake/joinOrCreate/game`, {
      method: 'POST',
      body: '{}',
    });
    if (!response.ok) throw new Error(`matchmaking failed: ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  },
  url: ({ values: { processId, roomId, sessionId } }) =>
    `ws://${host}/${processId}/${roomId}?sessionId=${sessionId}`,
  codec: messages,
  opened: async (connection) => {
    await connection.next('joined');
    connection.emit('joined');
  },
  publish: ({ payload }) => ({ event: 'move', data: payload }),
  delivery: { event: 'moved' },
});
