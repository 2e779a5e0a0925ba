import { beforeAll, describe, expect, it } from 'vitest';
import { invalidMessage, type Loaded, loadTexts } from '../support/user-files.ts';

/** Definitions that are refused, with what is wrong with them. */
const REFUSED: ReadonlyArray<readonly [definition: string, problem: string, suggestion?: string]> = [
  ['{}', 'url: expected text or a function'],
  ['{ url: 3 }', 'url: expected text or a function'],
  ["'ws://x'", 'Invalid input: expected object, received string'],
  ['undefined', 'Invalid input: expected object, received undefined'],
  ["{ url: 'ws://x', publsh: () => ({}) }", 'Unrecognized key: "publsh"', 'publish'],
  ["{ url: 'ws://x', name: 7 }", 'name: Invalid input: expected string, received number'],
  [
    "{ url: 'ws://x', protocol: 'tcp' }",
    'protocol: Invalid option: expected one of "socketio"|"ws"|"http"|"graphql-ws"|"mqtt"|"stomp"|"signalr"|"phoenix"|"action-cable"|"sockjs"|"json-rpc"',
  ],
  [
    "{ url: 'ws://x', transport: 'webtransport' }",
    'transport: Invalid option: expected one of "websocket"|"polling"|"upgrade"|"short-polling"|"long-polling"',
  ],
  [
    "{ url: 'ws://x', parser: 'json' }",
    'parser: expected default, msgpack, or a module with Encoder and Decoder',
  ],
  ["{ url: 'ws://x', exec: ['node'] }", 'exec: Invalid input: expected string, received array'],
  [
    "{ url: 'ws://x', tls: { rejectUnauthorised: false } }",
    'tls: Unrecognized key: "rejectUnauthorised"',
    'rejectUnauthorized',
  ],
  [
    "{ url: 'ws://x', tls: { rejectUnauthorized: 0 } }",
    'tls.rejectUnauthorized: Invalid input: expected boolean, received number',
  ],
  ["{ url: 'ws://x', codec: { encode: () => '' } }", 'codec.decode: expected a function'],
  ["{ url: 'ws://x', clients: 7 }", 'clients: expected the path of a CSV file or a function'],
  ["{ url: 'ws://x', auth: 'token' }", 'auth: expected an object or a function'],
  ["{ url: 'ws://x', headers: ['a'] }", 'headers: expected an object or a function'],
  ["{ url: 'ws://x', query: 'a=b' }", 'query: expected an object or a function'],
  ["{ url: 'ws://x', join: 'join' }", 'join: expected a function'],
  ["{ url: 'ws://x', publish: { event: 'a' } }", 'publish: expected a function'],
  ["{ url: 'ws://x', delivery: 'message' }", 'delivery: Invalid input: expected object, received string'],
  ["{ url: 'ws://x', delivery: { event: 5 } }", 'delivery.event: expected a name or a list of names'],
  ["{ url: 'ws://x', delivery: { event: 'a', payload: 'b' } }", 'delivery.payload: expected a function'],
  ["{ url: 'ws://x', delivery: { event: 'a', path: 'b' } }", 'delivery: Unrecognized key: "path"'],
  ["{ url: 'ws://x', request: 'ask' }", 'request: expected a function'],
  ["{ url: 'ws://x', reply: 'told' }", 'reply: expected a function'],
  ["{ url: 'ws://x', echoed: {} }", 'echoed.event: expected a name or a list of names'],
  ["{ url: 'ws://x', streamed: { event: 'a' } }", 'streamed.read: expected a function'],
  ["{ url: 'ws://x', asked: { event: 'a' } }", 'asked.read: expected a function'],
  ["{ url: 'ws://x', observe: { event: 'a', key: 'id' } }", 'observe.key: expected a function'],
  ["{ url: 'ws://x', node: 1 }", 'node: expected a function'],
  [
    "{ url: 'ws://x', protocols: 1 }",
    'protocols: expected the name of a subprotocol without spaces, or a list of different ones',
  ],
  ["{ url: 'ws://x', prepare: {} }", 'prepare: expected a function'],
  ["{ url: 'ws://x', answer: { ping: 'pong' } }", 'answer.ping: expected a function'],
  [
    "{ url: 'ws://x', keepAlive: { every: '25', send: () => null } }",
    'keepAlive.every: "25" has no unit; a duration is a number and one of the units ns, us, ms, s, m, h',
  ],
  [
    "{ url: 'ws://x', keepAlive: { every: '0s', send: () => null } }",
    'keepAlive.every: expected a duration above 0',
  ],
];

const TAKEN: ReadonlyArray<readonly [definition: string, value: object]> = [
  ["{ url: 'ws://x' }", { url: 'ws://x' }],
  [
    "{ url: 'ws://x', publish: () => ({ event: 'a' }), delivery: { event: ['a', 'b'], payload: (data) => data } }",
    { url: 'ws://x', publish: '[function]', delivery: { event: ['a', 'b'], payload: '[function]' } },
  ],
  [
    "{ url: 'https://x', clients: './clients.csv', auth: () => ({}), headers: { a: 'b' }, query: {}, path: '/io/', namespace: '/a' }",
    {
      url: 'https://x',
      clients: './clients.csv',
      auth: '[function]',
      headers: { a: 'b' },
      query: {},
      path: '/io/',
      namespace: '/a',
    },
  ],
];

describe('a target file', () => {
  let refused: Loaded[];
  let taken: Loaded[];

  beforeAll(async () => {
    const textsOf = (list: typeof REFUSED | typeof TAKEN) =>
      list.map(([definition]) => `export default ${definition};`);
    [refused, taken] = await Promise.all([
      loadTexts('target', textsOf(REFUSED)),
      loadTexts('target', textsOf(TAKEN)),
    ]);
  });

  it.each(REFUSED.map(([definition, ...expected], index) => [definition, expected, index] as const))(
    'that is %s is refused: %j',
    (_, [problem, suggestion], index) => {
      expect(refused[index]).toEqual({
        error: {
          code: 'BAD_TARGET_FILE',
          message: invalidMessage(`file-${index}.ts`, 'target', [problem]),
          hint:
            suggestion === undefined
              ? 'Write export default defineTarget({...}); the editor then shows the fields.'
              : `Did you mean ${suggestion}?`,
          exitCode: 2,
        },
      });
    },
  );

  it.each(TAKEN.map(([definition, value], index) => [definition, value, index] as const))(
    'may be %s',
    (_, value, index) => {
      expect(taken[index]).toEqual({ value });
    },
  );
});

/** What the first two clients get of a target whose clients are these. */
async function clientsOf(clients: string, files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const [loaded = {}] = await loadTexts(
    'clients',
    [`export default { url: 'ws://x', clients: ${clients} };`],
    files,
  );
  return loaded;
}

const CSV = "'./clients.csv'";

describe('the values of a client', () => {
  it.each<[what: string, text: string]>([
    ['plain', 'user,token\nann,a1\nbob,b2\n'],
    ['with a byte order mark', '\uFEFFuser,token\nann,a1\nbob,b2\n'],
    ['of Windows', 'user,token\r\nann,a1\r\nbob,b2\r\n'],
    ['with empty lines and spaces', 'user, token\n\n ann ,a1\n\nbob, b2\n\n'],
    ['with quotes', '"user","token"\n"ann","a1"\n"bob",b2'],
    ['with more rows than clients', 'user,token\nann,a1\nbob,b2\ncleo,c3\n'],
  ])('are its row of a CSV file that is %s', async (_, text) => {
    expect(await clientsOf(CSV, { 'clients.csv': text })).toEqual({
      value: [
        { user: 'ann', token: 'a1' },
        { user: 'bob', token: 'b2' },
      ],
    });
  });

  it('keep commas, quotes and umlauts of a row', async () => {
    const { value } = await clientsOf(CSV, { 'clients.csv': 'user,note\n"Ölaf, jr.","says ""hi"""\nbob,\n' });
    expect(value).toEqual([
      { user: 'Ölaf, jr.', note: 'says "hi"' },
      { user: 'bob', note: '' },
    ]);
  });

  it('are the result of a function of its number', async () => {
    expect(
      await clientsOf("(number) => ({ user: ['user', number].join('-'), admin: number === 0 })"),
    ).toEqual({
      value: [
        { user: 'user-0', admin: true },
        { user: 'user-1', admin: false },
      ],
    });
  });

  it('are empty by default', async () => {
    expect(await clientsOf('undefined')).toEqual({ value: [{}, {}] });
  });

  it.each<[what: string, text: string, message: string, hint: string]>([
    [
      'too few rows',
      'user\nann\n',
      './clients.csv has 1 row, which is not enough for client 2',
      'Give --clients 1 or less, or add a row for each client.',
    ],
    [
      'no rows',
      'user\n',
      './clients.csv has 0 rows, which is not enough for client 1',
      'The first line names the columns; every other line is one client.',
    ],
    [
      'nothing in it',
      '',
      './clients.csv has 0 rows, which is not enough for client 1',
      'The first line names the columns; every other line is one client.',
    ],
  ])('are refused when the file has %s', async (_, text, message, hint) => {
    expect(await clientsOf(CSV, { 'clients.csv': text })).toEqual({
      error: { code: 'BAD_CLIENTS_FILE', message, hint, exitCode: 2 },
    });
  });

  it('are refused when the file does not exist or is not CSV', async () => {
    const missing = await clientsOf(CSV);
    expect(missing.error).toMatchObject({
      code: 'BAD_CLIENTS_FILE',
      message: expect.stringMatching(/^\.\/clients\.csv could not be read: ENOENT/),
      hint: 'The first line names the columns; every other line is one client.',
    });
    const broken = await clientsOf(CSV, { 'clients.csv': 'user,token\nann\nbob,b2,c3\n' });
    expect(broken.error).toMatchObject({
      code: 'BAD_CLIENTS_FILE',
      message: expect.stringMatching(/^\.\/clients\.csv could not be read: .*line 2/),
    });
  });

  it('are refused with file and line when the function fails', async () => {
    const { error } = await clientsOf('(number) => [{}][number].user.name');
    expect(error).toMatchObject({
      code: 'USER_FUNCTION',
      message: expect.stringMatching(/^clients of file-0\.ts \(line 1\) failed: /),
    });
  });
});
