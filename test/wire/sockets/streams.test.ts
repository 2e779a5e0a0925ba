import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Listening, listenOn, openTo } from '../support/opened-stream.ts';
import { SOCKETS } from '../support/sockets.ts';

const servers: Listening[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(host = '127.0.0.1', onSocket?: (socket: Socket) => void): Promise<Listening> {
  const server = await listenOn(host, onSocket);
  servers.push(server);
  return server;
}

const echo = (socket: Socket) => void socket.pipe(socket);

/** Bytes of which each differs from its neighbours. */
function pattern(length: number): Buffer {
  return Buffer.from(
    Uint32Array.from({ length: Math.ceil(length / 4) }, (_, index) => index).buffer,
    0,
    length,
  );
}

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const { server, port } = await listenOn('127.0.0.1');
  server.close();
  await once(server, 'close');
  return port;
}

describe.each(SOCKETS)('a stream over %s sockets', (kind, open) => {
  it('carries bytes both ways, and says when they came', async () => {
    const { port } = await listen('127.0.0.1', echo);
    const before = Number(process.hrtime.bigint());
    const [times, clocks]: [number[], string[]] = [[], []];
    const opened = openTo(
      open,
      { port },
      {
        onBytes: (_bytes, { receivedNs, sinceNs, clock }) => {
          times.push(Math.min(sinceNs, receivedNs), receivedNs);
          clocks.push(clock);
        },
      },
    );
    await opened.opened;
    // The kernel begins to stamp some time after the first socket of the machine asks for it.
    const expected = kind === 'kernel' ? 'kernel' : 'process';
    for (let round = 1; round <= 3 || clocks.at(-1) !== expected; round++) {
      opened.stream.write(Buffer.from('ping'));
      await opened.arrived(4 * round);
    }
    const ascending = [before, ...times, Number(process.hrtime.bigint())];
    expect(ascending).toEqual(ascending.toSorted((one, other) => one - other));
    opened.stream.end();
    expect(await opened.closed).toBeNull();
  });

  it('sends what is written before it is open', async () => {
    const { port } = await listen('127.0.0.1', echo);
    const opened = openTo(open, { port });
    opened.stream.write(Buffer.from('early '));
    opened.stream.write(Buffer.from('birds'));
    await opened.arrived(11);
    expect(String(opened.received())).toBe('early birds');
    opened.stream.destroy();
    expect(await opened.closed).toBeNull();
  });

  it('reports a refused connection as Node.js does', async () => {
    const port = await freePort();
    const opened = openTo(open, { port });
    expect(await opened.closed).toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port,
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it('reports a name that nobody has', async () => {
    const opened = openTo(open, { host: 'nobody.invalid', port: 80 });
    expect((await opened.closed)?.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  it.each(['::1', '127.0.0.1'])('connects by the name of a host that listens on %s only', async (host) => {
    const { port } = await listen(host, echo);
    const opened = openTo(open, { host: 'localhost', port });
    opened.stream.write(Buffer.from('x'));
    await opened.arrived(1);
    opened.stream.destroy();
    await opened.closed;
  });

  it('speaks IPv6', async () => {
    const { port } = await listen('::1', echo);
    const opened = openTo(open, { host: '::1', port });
    opened.stream.write(Buffer.from('six'));
    await opened.arrived(3);
    opened.stream.end();
    expect(await opened.closed).toBeNull();
  });

  it('receives after it has sent its end, and ends when the peer does', async () => {
    const server = await listen('127.0.0.1');
    const opened = openTo(open, { port: server.port });
    opened.stream.write(Buffer.from('question'));
    opened.stream.end();
    opened.stream.write(Buffer.from('dropped'));
    const peer = await server.accepted(0);
    const heard: Buffer[] = [];
    for await (const bytes of peer) heard.push(bytes as Buffer);
    expect(String(Buffer.concat(heard))).toBe('question');
  });

  it('reports the end of the peer, and can still send', async () => {
    const server = await listen('127.0.0.1');
    const opened = openTo(
      open,
      { port: server.port },
      { onEnd: (stream) => stream.write(Buffer.from('last')) },
    );
    const peer = await server.accepted(0);
    peer.end('bye');
    await opened.ended;
    expect(String(opened.received())).toBe('bye');
    const [bytes] = (await once(peer, 'data')) as [Buffer];
    expect(String(bytes)).toBe('last');
    opened.stream.end();
    expect(await opened.closed).toBeNull();
  });

  it('reports a reset', async () => {
    const server = await listen('127.0.0.1');
    const opened = openTo(open, { port: server.port });
    await opened.opened;
    (await server.accepted(0)).resetAndDestroy();
    expect(await opened.closed).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  });

  it('sends megabytes in order to a peer that reads slowly, and counts what is left', async () => {
    const server = await listen('127.0.0.1', (socket) => socket.pause());
    const opened = openTo(open, { port: server.port });
    await opened.opened;
    const sent = pattern(16 * 1024 * 1024);
    const frame = 10_000;
    for (let at = 0; at < sent.length; at += frame) opened.stream.write(sent.subarray(at, at + frame));
    const { unsentBytes } = opened.stream;
    expect(unsentBytes).toBeGreaterThan(1024 * 1024);
    expect(unsentBytes).toBeLessThanOrEqual(sent.length);
    opened.stream.end();
    const peer = await server.accepted(0);
    const heard: Buffer[] = [];
    for await (const bytes of peer) heard.push(bytes as Buffer);
    expect(Buffer.concat(heard).equals(sent)).toBe(true);
    expect(opened.stream.unsentBytes).toBe(0);
    opened.stream.destroy();
  });

  it('fails when the peer resets while bytes wait to be sent', async () => {
    const server = await listen('127.0.0.1', (socket) => socket.pause());
    const opened = openTo(open, { port: server.port });
    await opened.opened;
    opened.stream.write(Buffer.alloc(16 * 1024 * 1024));
    (await server.accepted(0)).resetAndDestroy();
    expect((await opened.closed)?.code).toMatch(/^(ECONNRESET|EPIPE)$/);
    expect(opened.stream.unsentBytes).toBe(0);
  });

  it('calls nothing more but onClosed once it was destroyed in a handler', async () => {
    const { port } = await listen('127.0.0.1', (socket) => {
      socket.write(Buffer.alloc(1024 * 1024));
      socket.end();
    });
    let calls = 0;
    const opened = openTo(
      open,
      { port },
      {
        onBytes: (_bytes, _arrival, stream) => {
          calls += 1;
          stream.destroy();
          stream.destroy();
          stream.write(Buffer.from('dropped'));
        },
        onEnd: () => {
          calls += 1000;
        },
      },
    );
    expect(await opened.closed).toBeNull();
    expect(calls).toBe(1);
  });

  it('may be destroyed before it is open, and never opens then', async () => {
    const { port } = await listen();
    let isOpen = false;
    const opened = openTo(
      open,
      { port },
      {
        onOpen: () => {
          isOpen = true;
        },
      },
    );
    opened.stream.destroy();
    expect(await opened.closed).toBeNull();
    expect(isOpen).toBe(false);
  });

  it('is not kept waiting by one that floods', async () => {
    const flood = Buffer.alloc(256 * 1024);
    const flooding = await listen('127.0.0.1', (socket) => {
      const more = () => {
        while (socket.writable && socket.write(flood));
      };
      socket.on('drain', more);
      more();
    });
    const { port } = await listen('127.0.0.1', echo);
    const [flooded, quiet] = [
      openTo(open, { port: flooding.port }, { onBytes: () => {} }),
      openTo(open, { port }),
    ];
    await flooded.arrived(8 * 1024 * 1024);
    for (let round = 1; round <= 20; round++) {
      quiet.stream.write(Buffer.from('x'));
      await quiet.arrived(round);
    }
    flooded.stream.destroy();
    quiet.stream.destroy();
    await Promise.all([flooded.closed, quiet.closed]);
  });

  it('lets the timers of Node.js, its promises and its own sockets run meanwhile', async () => {
    const { port } = await listen('127.0.0.1', echo);
    const opened = openTo(open, { port });
    await opened.opened;
    const own = connect(port, '127.0.0.1');
    own.write('by Node');
    expect(String(((await once(own, 'data')) as [Buffer])[0])).toBe('by Node');
    const begunMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(19);
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    own.destroy();
    opened.stream.destroy();
    await opened.closed;
  });
});
