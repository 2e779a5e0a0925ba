import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Protocol } from '../../src/contract/target.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { drivers } from '../../src/drivers/index.ts';
import { messageOf } from '../../src/errors.ts';
import { damaged } from '../support/damaged.ts';
import { VALID_HANDSHAKE } from '../support/raw-servers.ts';
import { type Listening, listening } from '../support/refusing-servers.ts';

const ATTEMPTS = 50;
const TIMEOUT_MS = 500;

/** The whole answer of a sound server of any protocol to a request, and to a WebSocket handshake the first messages. */
function soundAnswer(request: string): Buffer {
  const [, key] = /Sec-WebSocket-Key: (\S+)/i.exec(request) ?? [];
  if (key !== undefined) {
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const header = `HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
    const messages = [VALID_HANDSHAKE, '40{"sid":"raw"}', '42["sound",1]'];
    const frames = messages.map((text) =>
      Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]),
    );
    return Buffer.concat([Buffer.from(header), ...frames]);
  }
  const [, status, body] = BODIES.find(([beginning]) => request.startsWith(beginning)) ?? [
    '',
    200,
    VALID_HANDSHAKE,
  ];
  return Buffer.from(`HTTP/1.1 ${status} OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

const BODIES: ReadonlyArray<readonly [beginning: string, status: number, body: string]> = [
  ['POST /clients ', 201, '{"id":"raw"}'],
  ['GET /clients/', 200, '{"last":1,"messages":[{"event":"sound","data":1}]}'],
  ['POST /clients/', 204, ''],
  ['POST /socket.io/', 200, 'ok'],
];

let server: Listening;
beforeAll(async () => {
  let answers = 0;
  const damages = fc.sample(damaged, 1000);
  const answer = (socket: Socket) =>
    socket.on('data', (request) => {
      const damage = damages[answers % damages.length] ?? ((bytes: Buffer) => bytes);
      answers += 1;
      socket.write(damage(soundAnswer(String(request))));
      if (answers % 3 === 0) socket.end();
    });
  server = await listening(createServer(answer));
});
afterAll(() => server.close());

const SCHEMES: Readonly<Record<Protocol, string>> = { socketio: 'http', ws: 'ws', http: 'http' };

it.each(
  drivers.flatMap((driver) =>
    driver.transports.map((transport): [string, string, Driver] => [driver.protocol, transport, driver]),
  ),
)('a client of %s over %s connects or fails with a reason, whatever it is answered', async (...of) => {
  const [protocol, transport, driver] = of;
  const url = `${SCHEMES[driver.protocol]}://127.0.0.1:${server.port}`;
  const options = { url, transport: transport as Driver['transports'][number], timeoutMs: TIMEOUT_MS };
  const outcomes = await Promise.all(
    Array.from({ length: ATTEMPTS }, () =>
      driver.connect(options).then(async (connection) => {
        await connection.close();
        return 'connected';
      }, messageOf),
    ),
  );
  expect(outcomes).toHaveLength(ATTEMPTS);
  for (const outcome of outcomes) expect(outcome).toMatch(/\w/);
  expect(new Set(outcomes).size, protocol).toBeGreaterThan(3);
});
