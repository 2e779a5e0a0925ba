import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listening } from '../support/refusing-servers.ts';
import { sockbench } from '../support/sockbench.ts';

const LIMIT = 1000;
const OVERHEAD = '42["send_message",{"message":"","scope":"everyone"}]'.length;

let server: Listening;
let received = 0;

beforeAll(async () => {
  const http = createServer();
  new Server(http, { maxHttpBufferSize: LIMIT }).on('connection', (socket) =>
    socket.onAny(() => {
      received += 1;
    }),
  );
  server = await listening(http);
});
afterAll(() => server.close());

test.each([
  ['wire', 'websocket'],
  ['official', 'polling'],
])(
  'a message over the limit of the server is refused before anything is sent, by %s over %s',
  async (driver, transport) => {
    const payloadBytes = LIMIT - OVERHEAD + 1;
    const { code, stdout, stderr } = await sockbench(
      ...[
        'run',
        'broadcast-latency',
        '--target',
        `http://127.0.0.1:${server.port}`,
        '--clients',
        '2',
        '--quiet',
      ],
      ...['--driver', driver, '--transport', transport, '--payload', `${payloadBytes}B`],
    );
    expect(stderr).toBe(
      `error: with a payload of ${payloadBytes} B, a message has 1,001 bytes, and the server accepts at most 1,000\nUse a smaller --payload, or increase maxHttpBufferSize of the server.\n`,
    );
    expect([code, stdout, received]).toEqual([2, '', 0]);
  },
);
