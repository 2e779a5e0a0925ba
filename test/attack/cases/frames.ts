import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Arena, AttackCase } from '../attack.ts';

const SERVER = join(import.meta.dirname, '../../support/breaking-server.ts');
const LOAD = ['--clients', '5', '--rate', '50/s', '--warmup', '300ms', '--warmup-max', '300ms'];
const SHORT = ['--duration', '2s', '--connect-timeout', '4s'];

/** Runs broadcast-latency against the breaking server. */
async function attackWith({ run, port, out }: Arena, scheme: 'http' | 'ws', fault: string) {
  const exec = `"${process.execPath}" "${SERVER}" ${port} '${fault}'`;
  const target = ['--target', `${scheme}://127.0.0.1:${port}`, '--exec', exec, '--out', out];
  const { code, stdout, stderr } = await run(['run', 'broadcast-latency', ...target, ...LOAD, ...SHORT]);
  return { code, said: stdout + stderr };
}

/** One frame to one of five clients: that client is dropped with a reason, and the others go on. */
function dropsOne(name: string, scheme: 'http' | 'ws', fault: string, reason: RegExp): AttackCase {
  return {
    name: `${name} to one client`,
    expected: 'exit 3, 1 of 5 dropped with the reason, the rest measured',
    attack: async (arena) => {
      const { code, said } = await attackWith(arena, scheme, fault);
      assert.match(said, /of 5 clients, 1 was dropped/);
      assert.match(said, reason);
      assert.match(said, /\(100 of 100 messages\)/);
      assert.equal(code, 3);
    },
  };
}

/** One frame to one of five clients that harms nothing: it is an event like any other. */
function goesOn(name: string, scheme: 'http' | 'ws', fault: string): AttackCase {
  return {
    name: `${name} to one client`,
    expected: 'no client dropped, all messages delivered',
    attack: async (arena) => {
      // On a busy machine the run may be invalid.
      const { said } = await attackWith(arena, scheme, fault);
      assert.match(said, /5 of 5 connected\n/);
      assert.match(said, / 500 +500 +0 +0 /);
    },
  };
}

function refusesHandshake(answer: string): AttackCase {
  return {
    name: `a WebSocket that begins with ${answer}`,
    expected: 'exit 2, does not speak Socket.IO',
    seconds: 25,
    attack: async (arena) => {
      const { code, said } = await attackWith(arena, 'http', `open-${answer}`);
      assert.match(said, /it does not speak Socket\.IO/);
      assert.equal(code, 2);
    },
  };
}

/** One of five clients gets an answer that is no WebSocket: it does not connect, for a reason, and the others go on. */
function refusesOne(name: string, fault: string, reason: RegExp, inCi = false): AttackCase {
  return {
    name: `${name} for one client`,
    expected: 'exit 3, 1 of 5 did not connect for the reason, the rest measured',
    ...(inCi ? { inCi } : {}),
    attack: async (arena) => {
      const { code, said } = await attackWith(arena, 'ws', fault);
      assert.match(said, /of 5 clients, 1 did not connect/);
      assert.match(said, reason);
      assert.match(said, /\(100 of 100 messages\)/);
      assert.equal(code, 3);
    },
  };
}

/** One of five clients gets half a frame: what follows is a part of that frame, and counts as lost. */
const losesHalf: AttackCase = {
  name: 'half a frame, then nothing but what completes it, to one client',
  expected: 'exit 0, or 3 on a busy machine, no client dropped, messages lost',
  inCi: true,
  attack: async (arena) => {
    const { code, said } = await attackWith(arena, 'ws', 'half');
    assert.match(said, /5 of 5 connected\n/);
    assert.match(said, / 500 +4\d\d +0 +\d\d /);
    assert.ok(code === 0 || code === 3, `exit ${code}`);
  },
};

function losesSlow(name: string, fault: string, reason: string): AttackCase[] {
  return [
    {
      name: `${name} for one client`,
      expected: 'exit 3, 1 of 5 did not connect, the rest measured',
      attack: async (arena) => {
        const { code, said } = await attackWith(arena, 'ws', fault);
        assert.match(said, new RegExp(`of 5 clients, 1 did not connect.*${reason} \\(1\\)`));
        assert.equal(code, 3);
      },
    },
    {
      name: `${name} for all clients`,
      expected: 'exit 2 after the connect timeout, names the incomplete handshake',
      seconds: 25,
      attack: async (arena) => {
        const { code, said } = await attackWith(arena, 'ws', `all-${fault}`);
        assert.match(said, /does not complete the WebSocket handshake in time/);
        assert.equal(code, 2);
      },
    },
  ];
}

function endsAtBigPayload(transport: string): AttackCase {
  return {
    name: `a payload over the limit of the server, by ${transport}`,
    expected: 'exit 2 before anything is sent, names the limit',
    seconds: 20,
    attack: async ({ run, out }) => {
      const args = ['--target', 'socketio', '--transport', transport, '--payload', '1200KiB', '--out', out];
      const { code, stderr } = await run(['run', 'broadcast-latency', ...args, '--clients', '5']);
      assert.match(stderr, /accepts at most 1,000,000\n.*maxHttpBufferSize/);
      assert.equal(code, 2);
    },
  };
}

/** Servers that break their protocol. */
export const frames: readonly AttackCase[] = [
  {
    name: 'a Socket.IO error packet to all clients',
    expected: 'exit 3 at once, 5 dropped with the reason, no overload',
    inCi: true,
    seconds: 20,
    attack: async (arena) => {
      const { code, said } = await attackWith(arena, 'http', 'all-error-packet');
      assert.match(said, /no client is connected: error packet: x/);
      assert.match(said, /dropped: 5 error packet: x/);
      assert.doesNotMatch(said, /OVERLOADED/);
      assert.equal(code, 3);
    },
  },
  dropsOne(
    'an error packet without a body',
    'http',
    'empty-error-packet',
    /a message could not be handled|parse error/,
  ),
  dropsOne('a second open packet', 'http', 'second-open', /transport error \(.*JSON/),
  dropsOne('a request of 200,000 levels', 'ws', 'deep-request', /could not be handled: Maximum call stack/),
  dropsOne('a masked frame', 'ws', 'masked', /MASK must be clear/),
  dropsOne('text that is not UTF-8', 'ws', 'utf8', /invalid UTF-8/),
  dropsOne('a reserved opcode', 'ws', 'opcode', /invalid opcode 3/),
  dropsOne('a frame of 1 GiB', 'ws', 'gibibyte', /Max payload size exceeded/),
  goesOn('an event of 200,000 levels', 'http', 'deep-event'),
  goesOn('an envelope of 200,000 levels', 'ws', 'deep-envelope'),
  goesOn('a binary header of 65,535 bytes', 'ws', 'long-header'),
  ...['0null', '05', '0{"sid":"a"}'].map(refusesHandshake),
  dropsOne('a length of 16 EiB', 'ws', 'exbibyte', /the first bit of the payload length must be clear/),
  dropsOne('a reset', 'ws', 'reset', /ECONNRESET|closed without a close frame/),
  dropsOne('the end without a close frame', 'ws', 'fin', /closed without a close frame/),
  dropsOne('empty fragments without end', 'ws', 'fragments', /Too many message fragments/),
  dropsOne('a close frame, then messages without end', 'ws', 'close-and-data', /closed with 1001 bye/),
  losesHalf,
  refusesOne('a wrong accept key', 'accept', /Invalid Sec-WebSocket-Accept header \(1\)/),
  refusesOne('headers without end', 'headers', /the answer has more than 16 KiB of headers \(1\)/),
  refusesOne('503 with a body without end', 'body', /HTTP status 503 \(1\)/, true),
  refusesOne(
    'a reset in place of the upgrade',
    'upgrade-reset',
    /(ECONNRESET|closed before the handshake was answered) \(1\)/,
  ),
  ...losesSlow('a handshake byte by byte', 'slow', 'no complete answer within 4000 ms'),
  ...losesSlow('100 Continue without an end', 'continue', 'the answer has more than 16 KiB of headers'),
  ...['websocket', 'polling'].map(endsAtBigPayload),
];
