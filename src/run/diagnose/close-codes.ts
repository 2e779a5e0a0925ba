/** What a WebSocket close code of the server means for the run, and what to do, by code. Source: IANA's registry. */
const MEANINGS: Readonly<Record<number, string>> = {
  1002: 'the server found an error in the protocol: check the subprotocols (protocols) and the codec of the target file',
  1003: 'the server does not accept this type of message: try --payload-type text or binary',
  1006: 'the connection was cut without a close frame (1006): the server crashed, or a proxy or an idle timeout in front of it cut it',
  1007: 'the server found data that do not fit the type of the message: check the codec of the target file',
  1008: 'the server rejects the client by its policy: check auth, headers (origin) and its limit on messages per client',
  1009: 'the server does not accept a message of this size: use a smaller --payload, or raise its limit (maxPayload of ws, maxHttpBufferSize of Socket.IO)',
  1011: 'the server had an error of its own: read its log',
  1012: 'the server restarts: wait until it is up',
  1013: 'the server asks to try again later: use a lower --connect-rate, or fewer --clients',
  3000: 'the server requires authentication: set auth, headers, query or opened in the target file',
  3003: 'the server forbids the connection: check the rights of the clients',
  4406: 'the server does not accept the subprotocol: set protocols in the target file',
};

/** What servers say to a client that has been silent for too long. */
const HEARTBEAT_WORDS = /heart|alive|\bp[io]ng|idle|inactiv|silent/i;
const ANSWER_HEARTBEATS =
  'let clients send heartbeats (keepAlive of the target file), or answer those of the server (answer, acknowledge)';

/** Codes of applications. Source: RFC 6455, section 7.4.2. */
const isOwnCode = (code: number) => code >= 4000 && code <= 4999;

/**
 * Explains the close code in the reason for which a client was dropped, and says what to do; null for a reason without
 * one, and for codes that mean what they say (1000, 1001).
 */
export function explainClose(reason: string): string | null {
  const [, digits, words = ''] = /closed with (\d{4})(?: ([^()]*))?/.exec(reason) ?? [];
  if (digits === undefined)
    return reason.includes('closed without a close frame') ? (MEANINGS[1006] ?? null) : null;
  const code = Number(digits);
  const known = MEANINGS[code];
  if (known !== undefined) return known;
  if (!isOwnCode(code)) return null;
  const isBeatMissed = HEARTBEAT_WORDS.test(words);
  const said = words === '' ? 'without a reason' : `with the reason "${words.trim()}"`;
  return `the server closes with its own code ${code}, ${said}: ${isBeatMissed ? ANSWER_HEARTBEATS : 'look it up in the server'}`;
}
