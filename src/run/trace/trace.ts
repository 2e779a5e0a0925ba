import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Mapping } from '../../contract/mapping.ts';
import type { Driver } from '../../drivers/driver.ts';
import { loadTarget, type Target } from '../../generator/target.ts';
import { readOriginNs } from '../../measure/clock.ts';
import type { PlannedRun } from '../../plan/plan.ts';
import { noAffinity } from '../affinity.ts';
import { createHost } from '../host.ts';
import { runPlan } from '../run.ts';
import { packetName } from './packets.ts';
import { readMessage, type TargetReading } from './reading.ts';
import type { TappedFrame, WireDirection } from './tapped-stream.ts';
import { judgeTrace, type TraceVerdict } from './verdict.ts';
import { type ConnectionTap, startTracedWorker } from './worker.ts';

/** One message on the wire; `client` is null for a request over HTTP, which belongs to no connection. */
export interface TracedFrame {
  readonly client: number | null;
  readonly direction: WireDirection;
  readonly kind: string;
  readonly bytes: number;
  readonly content: string | Buffer;
}

/** Takes what happens, in the order of time. */
export interface TraceSink {
  frame(frame: TracedFrame): void;
  /** How the target reads the message that came last. */
  reading(text: string): void;
  /** A line that the server printed. */
  output(line: string): void;
}

/**
 * Carries out a plan of one message of each kind with all connections in this process, and shows what goes over them.
 * Throws a SockbenchError where no client connects or joins, as a run does.
 */
export async function traceRun(
  planned: PlannedRun,
  {
    driver,
    signal,
    sink,
    commandLine,
  }: { driver: Driver; signal: AbortSignal; sink: TraceSink; commandLine: readonly string[] },
): Promise<TraceVerdict> {
  const { plan, layout } = planned;
  const replyEvents = new Set<string>();
  const loaded = await loadTarget(plan);
  const target: Target = { ...loaded, mapping: noting(loaded.mapping, replyEvents) };
  const readings: TargetReading[] = [];
  const takeReading = (reading: TargetReading) => {
    readings.push(reading);
    sink.reading(reading.text);
  };
  const isSocketio = plan.target.protocol === 'socketio';
  const tapOf = (client: number): ConnectionTap => ({
    takeFrame: (frame) => sink.frame({ client, ...shownFrame(frame, isSocketio) }),
    onPacket: (direction, packet) => sink.frame({ client, direction, ...shownPacket(packet) }),
    onRead: (...read) =>
      takeReading(readMessage({ mapping: target.mapping, layout, replyEvents }, client, read)),
  });
  const originNs = readOriginNs();
  const host = createHost(originNs);
  const stopRequests = plan.transport === 'websocket' ? showRequests(sink) : () => {};
  try {
    const result = await runPlan(
      planned,
      { onProgress: () => {}, signal, commandLine, out: '' },
      {
        ...host,
        chooseAffinity: (workers) => ({ affinity: noAffinity(workers), problem: null }),
        startWorker: startTracedWorker({ planned, target, driver, clock: host.clock, tapOf }),
        startServer: (own, start) => host.startServer(own, { ...start, onLine: (line) => sink.output(line) }),
        prepare: () => () => {},
      },
    );
    return judgeTrace({ result, layout, mapping: target.mapping, readings });
  } finally {
    stopRequests();
  }
}

/** The mapping, which notes the events by which what it sends is confirmed. */
function noting(mapping: Mapping, replyEvents: Set<string>): Mapping {
  const note = (sent: unknown): void => {
    for (const each of [sent].flat()) {
      const reply = typeof each === 'object' && each !== null && 'reply' in each ? each.reply : null;
      const event = typeof reply === 'object' && reply !== null && 'event' in reply ? reply.event : null;
      if (typeof event === 'string') replyEvents.add(event);
    }
  };
  const wrap =
    <Given, Sent>(describe: (given: Given) => Sent) =>
    (given: Given): Sent => {
      const sent = describe(given);
      Promise.resolve(sent).then(note, () => {});
      return sent;
    };
  const { join, publish, request } = mapping;
  return {
    ...mapping,
    ...(join === undefined ? {} : { join: wrap(join) }),
    ...(publish === undefined ? {} : { publish: wrap(publish) }),
    ...(request === undefined ? {} : { request: wrap(request) }),
  };
}

function shownFrame(
  { direction, kind, content }: TappedFrame,
  isSocketio: boolean,
): Omit<TracedFrame, 'client'> {
  const bytes = content.length;
  switch (kind) {
    case 'handshake':
      return { direction, kind: 'open', bytes, content: handshakeText(content.toString('latin1')) };
    case 'text': {
      const text = content.toString('utf8');
      return { direction, kind: (isSocketio ? packetName(text) : null) ?? kind, bytes, content: text };
    }
    case 'close':
      return { direction, kind, bytes, content: closeText(content) };
    default:
      return { direction, kind, bytes, content };
  }
}

/** The first line of a request or an answer, and the subprotocols in it. */
function handshakeText(head: string): string {
  const [first = ''] = head.split('\r\n', 1);
  const protocols = /^sec-websocket-protocol: *(.*)$/im.exec(head)?.[1];
  return protocols === undefined
    ? first
    : `${first.replace(/ HTTP\/1\.1$/, '')}, subprotocol ${protocols.trim()}`;
}

/** `1009 message too big`; a close frame may be empty. */
function closeText(payload: Buffer): string {
  return payload.length < 2
    ? 'without a code'
    : `${payload.readUInt16BE(0)} ${payload.subarray(2).toString('utf8')}`;
}

function shownPacket(packet: string | Buffer): Pick<TracedFrame, 'kind' | 'bytes' | 'content'> {
  const bytes = Buffer.byteLength(packet);
  return {
    kind: typeof packet === 'string' ? (packetName(packet) ?? 'packet') : 'binary',
    bytes,
    content: packet,
  };
}

/** What Node.js publishes of its HTTP requests. */
interface PublishedRequest {
  readonly request: { readonly method: string; readonly path: string };
  readonly response?: { readonly statusCode?: number; readonly statusMessage?: string };
}

/** Shows the HTTP requests of this process, by which a target may publish. The returned function ends that. */
function showRequests(sink: TraceSink): () => void {
  const show = (direction: WireDirection, content: string) =>
    sink.frame({ client: null, direction, kind: 'http', bytes: content.length, content });
  const onSent = (message: unknown) => {
    const { request } = message as PublishedRequest;
    show('sent', `${request.method} ${request.path}`);
  };
  const onAnswered = (message: unknown) => {
    const { request, response } = message as PublishedRequest;
    show(
      'received',
      `${response?.statusCode} ${response?.statusMessage} to ${request.method} ${request.path}`,
    );
  };
  subscribe('http.client.request.start', onSent);
  subscribe('http.client.response.finish', onAnswered);
  return () => {
    unsubscribe('http.client.request.start', onSent);
    unsubscribe('http.client.response.finish', onAnswered);
  };
}
