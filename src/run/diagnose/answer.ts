import { STATUS_CODES } from 'node:http';
import {
  addressFor,
  type Diagnosis,
  engineIoUrl,
  GIVE_CREDENTIALS,
  type Refused,
  requestUrl,
} from './diagnosis.ts';
import type { Answer, Sight } from './look.ts';

const LOOK_INTO_LOG = 'Look into the log of the server, or of the proxy in front of it.';

/** Socket.IO was asked for and there is none, but something takes WebSockets. */
export function diagnoseRawWebSocket(
  engineIo: Sight,
  webSocket: Sight,
  { protocol, connect }: Refused,
): Diagnosis | null {
  if (protocol !== 'socketio' || webSocket.kind !== 'upgraded') return null;
  const status = engineIo.kind === 'answer' ? ` (${statusOf(engineIo)})` : '';
  const url = addressFor('ws', connect);
  return {
    found: `it takes a raw WebSocket, but has no Socket.IO at ${engineIoUrl(connect).pathname}${status}`,
    hint: `Write ${url}, or give the path of Socket.IO as path in a target file.`,
  };
}

/** A server that answers plain requests and leaves WebSocket handshakes without a word. */
export function diagnoseHalfSilence(
  engineIo: Sight,
  webSocket: Sight,
  { protocol }: Refused,
): Diagnosis | null {
  if (protocol !== 'ws' || webSocket.kind !== 'silent' || engineIo.kind !== 'answer') return null;
  return {
    found: `it answers plain requests (${statusOf(engineIo)}), but never the WebSocket handshake`,
    hint: 'Check the path of the URL: this server takes WebSockets elsewhere, or not at all.',
  };
}

/** An answer in HTTP to this protocol's own first request that no server of it gives. */
export function diagnoseAnswer(sight: Sight, refused: Refused): Diagnosis | null {
  if (sight.kind !== 'answer') return null;
  const { status, location } = sight;
  if (location !== '') {
    return {
      found: `it redirects to ${targetOf(location, refused)} (${statusOf(sight)})`,
      hint: 'If that is the server that you mean, give it as --target.',
    };
  }
  if (status === 401) {
    return { found: `it demands authentication (${statusOf(sight)})`, hint: GIVE_CREDENTIALS };
  }
  if (status === 403) {
    return { found: `it forbids the connection (${statusOf(sight)})`, hint: GIVE_CREDENTIALS };
  }
  if (status === 429 || status >= 500) {
    return { found: `it answers with an error (${statusOf(sight)})`, hint: LOOK_INTO_LOG };
  }
  // Of plain requests nothing is known but their URL.
  return refused.protocol === 'http' ? null : diagnoseOtherPage(sight, refused);
}

/** There is a web server, and nothing of ours where we asked. */
function diagnoseOtherPage(answer: Answer, { protocol, connect }: Refused): Diagnosis {
  const isSocketio = protocol === 'socketio';
  const { pathname } = isSocketio ? engineIoUrl(connect) : requestUrl(connect);
  const hint = isSocketio
    ? 'Check the port; if Socket.IO has a path of its own there, give it as path in a target file.'
    : 'Check the port and the path of the URL.';
  if (answer.status === 404) {
    return { found: `a web server answers, but has nothing at ${pathname} (${statusOf(answer)})`, hint };
  }
  if (answer.status >= 400) {
    const what = isSocketio ? 'handshake of Socket.IO' : 'WebSocket handshake';
    return { found: `it refuses the ${what} at ${pathname} (${statusOf(answer)})`, hint };
  }
  const content = answer.contentType === '' ? 'something' : answer.contentType;
  const what = isSocketio ? 'Socket.IO' : 'a WebSocket';
  return {
    found: `a web server answers at ${pathname} with ${content} (${statusOf(answer)}), where ${what} was asked for`,
    hint,
  };
}

/** `404 Not Found` */
function statusOf({ status }: Answer): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}

/** Where a redirect leads, as it could be given; on the same host its path is what matters. */
function targetOf(location: string, { protocol, connect }: Refused): string {
  const from = protocol === 'socketio' ? engineIoUrl(connect) : requestUrl(connect);
  const to = URL.parse(location, from.href);
  if (to === null) return location;
  if (to.origin === from.origin) return to.pathname;
  return addressFor(protocol, { ...connect, url: to.href });
}
