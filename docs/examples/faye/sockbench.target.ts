import { defineTarget, type FrameCodec } from 'sockbench';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

/** Messages of Bayeux: events are channels. The server gives each client an id, which is in all of its messages. */
function bayeux(): FrameCodec {
  let clientId: string | undefined;
  return {
    encode: ({ event, data, id }) => JSON.stringify([{ channel: event, clientId, id, ...Object(data) }]),
    decode: (message) =>
      JSON.parse(message.toString()).map(({ channel, id, ...data }: { channel: string; id?: number }) => {
        if (channel === '/meta/handshake' && 'clientId' in data) clientId = String(data.clientId);
        const isReply = 'successful' in data;
        return isReply && id !== undefined
          ? { ack: id, data }
          : { event: isReply ? channel : 'message', data };
      }),
  };
}

const CONNECT = { event: '/meta/connect', data: { connectionType: 'websocket' } };

export default defineTarget({
  name: 'Faye',
  url: `ws://127.0.0.1:${PORT}/faye`,
  exec: 'node server.js',
  codec: bayeux,
  opened: async (connection) => {
    await connection.call('/meta/handshake', { version: '1.0', supportedConnectionTypes: ['websocket'] });
    connection.emit(CONNECT.event, CONNECT.data);
  },
  // The server answers at the end of its timeout: the client then asks again.
  answer: { '/meta/connect': () => CONNECT },
  join: ({ rooms }) =>
    rooms.map((room) => ({
      event: '/meta/subscribe',
      data: { subscription: `/${room}`, ext: { password: PASSWORD } },
    })),
  publish: ({ payload, room }) => ({ event: `/${room}`, data: { data: payload } }),
  delivery: { event: 'message' },
});
