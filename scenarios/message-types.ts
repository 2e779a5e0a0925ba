import {
  choice,
  defineScenario,
  everyClient,
  type Operation,
  refuse,
  type Speech,
  type Stream,
} from '../src/scenario.ts';

/** The four message types of WebSocket, and the series of each. */
const TYPES = {
  text: { operation: { kind: 'echo', payloadType: 'text' }, series: 'echo_text' },
  binary: { operation: { kind: 'echo', payloadType: 'binary' }, series: 'echo_binary' },
  ping: { operation: { kind: 'ping' }, series: 'ping_pong' },
  close: { operation: { kind: 'close' }, series: 'close' },
} as const satisfies Record<string, { operation: Operation; series: string }>;

type Type = keyof typeof TYPES;
const NAMES = ['text', 'binary', 'ping', 'close'] as const;

/** Where a client can send which type. Socket.IO's pings go from the server to the client only. */
function typesOf({ protocol, transport }: Speech): readonly Type[] {
  if (protocol === 'ws') return NAMES;
  if (protocol === 'socketio' && transport !== 'polling') return ['text', 'binary', 'close'];
  return ['text', 'binary'];
}

function requireType(type: Type, speech: Speech): void {
  const known = typesOf(speech);
  if (known.includes(type)) return;
  refuse(
    'NO_SUCH_MESSAGE_TYPE',
    `--type ${type}: a client has no ${type} message over ${speech.protocol} ${speech.transport}; it has ${known.join(', ')}`,
    'All four are there over raw WebSocket: --target ws.',
  );
}

export const messageTypes = defineScenario({
  name: 'message-types',
  summary: 'the four message types: echo of text and of bytes, ping to pong, close to clean close',
  headline: 'echo_text',
  series: {
    echo_text: 'intended sending of a text message -> its echo',
    echo_binary: 'intended sending of a binary message -> its echo',
    ping_pong: 'intended ping -> pong',
    close: 'intended close -> the close with which the server answers, after which the client connects again',
  },
  options: {
    type: {
      value: 'all|text|binary|ping|close',
      default: 'all',
      summary: 'one of the types, or all that there are, in turn',
      parse: choice(['all', ...NAMES]),
    },
  },
  defaults: { clients: '50' },
  layout({ type }, clients, speech) {
    if (type !== 'all') requireType(type, speech);
    const types = type === 'all' ? typesOf(speech) : [type];
    const streams = types.flatMap((each): Stream[] =>
      everyClient(clients).map((client) => ({ sender: client, receivers: [client], ...TYPES[each] })),
    );
    return {
      rooms: everyClient(clients).map(() => []),
      streams: interleave(streams, clients),
      headline: TYPES[types[0] ?? 'text'].series,
    };
  },
});

/** Each client's types in turn, and never the same client twice in a row: closing takes it away for a moment. */
function interleave(streams: readonly Stream[], clients: number): Stream[] {
  return streams
    .map((_, index) => {
      const types = streams.length / clients;
      const type = index % types;
      const client = (Math.floor(index / types) + type * Math.floor(clients / types)) % clients;
      return streams[type * clients + client];
    })
    .filter((stream) => stream !== undefined);
}
