import {
  choice,
  defineScenario,
  everyClient,
  fail,
  type Operation,
  option,
  type Speech,
  type Stream,
} from '../src/contract/scenario.ts';

/** The four message types of WebSocket and their series. */
const TYPES = {
  text: { operation: { kind: 'echo', payloadType: 'text' }, series: 'echo_text' },
  binary: { operation: { kind: 'echo', payloadType: 'binary' }, series: 'echo_binary' },
  ping: { operation: { kind: 'ping' }, series: 'ping_pong' },
  close: { operation: { kind: 'close' }, series: 'close' },
} as const satisfies Record<string, { operation: Operation; series: string }>;

type Type = keyof typeof TYPES;
const TYPE_NAMES = ['text', 'binary', 'ping', 'close'] as const;

/** Returns the types that a client can send. In Socket.IO only the server sends pings. */
function typesOf({ protocol, transport }: Speech): readonly Type[] {
  if (protocol === 'ws') return TYPE_NAMES;
  if (protocol === 'socketio' && transport !== 'polling') return ['text', 'binary', 'close'];
  return ['text', 'binary'];
}

export const messageTypes = defineScenario({
  name: 'message-types',
  summary: 'the four WebSocket message types: echo of text and bytes, ping to pong, close to clean close',
  headline: 'echo_text',
  series: {
    echo_text: 'intended sending of a text message -> its echo',
    echo_binary: 'intended sending of a binary message -> its echo',
    ping_pong: 'intended ping -> pong',
    close: "intended close -> the server's close; the client then connects again",
  },
  options: {
    type: option(
      'TYPE',
      'all',
      'one type, or all that are supported, in turn',
      choice(['all', ...TYPE_NAMES]),
    ),
  },
  defaults: { clients: '50' },
  layout({ type }, clients, speech) {
    const known = typesOf(speech);
    if (type !== 'all' && !known.includes(type)) {
      fail(
        'NO_SUCH_MESSAGE_TYPE',
        `--type ${type} is not supported over ${speech.protocol} ${speech.transport}; supported: ${known.join(', ')}`,
        'Raw WebSocket supports all four types: --target ws.',
      );
    }
    const types = type === 'all' ? known : [type];
    return {
      rooms: everyClient(clients).map(() => []),
      streams: streamsOf(types, clients),
      headline: TYPES[types[0] ?? 'text'].series,
    };
  },
});

/**
 * Returns streams of the types in turn. Clients that close do nothing else, since a closed connection loses the messages
 * in flight: a quarter of the clients, if there are several. The others avoid sending twice in a row.
 */
function streamsOf(types: readonly Type[], clients: number): Stream[] {
  const isMixed = types.length > 1 && types.includes('close') && clients > 1;
  const closers = isMixed ? Math.max(1, Math.floor(clients / 4)) : 0;
  const others = clients - closers;
  const step = Math.max(1, Math.floor(others / types.length));
  return everyClient(others).flatMap((round) =>
    types.map((type, place): Stream => {
      const closes = isMixed && type === 'close';
      const sender = closes ? others + (round % closers) : (round + place * step) % others;
      return { sender, receivers: [sender], ...TYPES[type] };
    }),
  );
}
