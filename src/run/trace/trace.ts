import type { Mapping } from '../../contract/mapping.ts';
import type { Driver } from '../../drivers/driver.ts';
import type { SentOfStream } from '../../generator/messages.ts';
import { loadTarget, type Target } from '../../generator/target.ts';
import { readOriginNs } from '../../measure/clock.ts';
import type { PlannedRun } from '../../plan/plan.ts';
import { noAffinity } from '../affinity.ts';
import { createHost } from '../host.ts';
import { runPlan } from '../run.ts';
import { packetName } from './packets.ts';
import { type ReadingRules, readMessage, type TargetReading } from './reading.ts';
import { RequestTap } from './requests.ts';
import type { TappedFrame, WireDirection } from './tapped-stream.ts';
import { judgeTrace, type TraceVerdict } from './verdict.ts';
import { type ConnectionTap, startTracedWorker } from './worker.ts';

/** One message on the wire; `client` is null for a request over HTTP, which belongs to no connection. */
export interface TracedFrame {
  readonly client: number | null;
  readonly direction: WireDirection;
  /** Makes what is shown of it, which takes longer than the rest where a server floods its clients. */
  readonly shown: () => ShownContent;
}

export interface ShownContent {
  readonly kind: string;
  readonly bytes: number;
  readonly content: string | Buffer;
}

/** How the target reads a message. */
export interface ShownReading extends Pick<TargetReading, 'client' | 'event' | 'text'> {
  /** Whether the message is one of many that a server may send, which matter little. */
  readonly isAside: boolean;
}

/** Takes what happens, in the order of time. */
export interface TraceSink {
  frame(frame: TracedFrame): void;
  /** How the target reads the message that came last. */
  reading(reading: ShownReading): void;
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
  const [replyEvents, sentEvents] = [new Set<string>(), new Set<string>()];
  const loaded = await loadTarget(plan);
  const requests = new RequestTap((client, direction, line) =>
    sink.frame({ client, direction, shown: () => ({ kind: 'http', bytes: line.length, content: line }) }),
  );
  const target: Target = {
    ...loaded,
    mapping: noting(loaded.mapping, replyEvents, sentEvents),
    prepare: (number, limit) => requests.of(number, () => loaded.prepare(number, limit)),
    connectOptions: (client, url, limit) =>
      requests.of(client.number, () => loaded.connectOptions(client, url, limit)),
  };
  const readBy: ReadingRules = {
    mapping: target.mapping,
    hooks: target.hooks,
    layout,
    replyEvents,
    sentEvents,
  };
  const readings = new Readings();
  const sent = new Map<number, SentOfStream>();
  const takeReading = (reading: TargetReading) => {
    readings.add(reading);
    sink.reading({ ...reading, isAside: isAside(reading) });
  };
  const isSocketio = plan.target.protocol === 'socketio';
  const tapOf = (client: number): ConnectionTap => ({
    takeFrame: (frame) =>
      sink.frame({ client, direction: frame.direction, shown: () => shownFrame(frame, isSocketio) }),
    onPacket: (direction, packet) => sink.frame({ client, direction, shown: () => shownPacket(packet) }),
    onRead: (...read) => {
      const [kind, event] = read;
      if (kind === 'event' && readings.areMany(event))
        sink.reading({ client, event, text: '', isAside: true });
      else takeReading(readMessage(readBy, client, read));
    },
  });
  const onSent = (streams: readonly SentOfStream[]) => {
    for (const each of streams) sent.set(each.stream, each);
  };
  const originNs = readOriginNs();
  const host = createHost(originNs);
  try {
    const result = await runPlan(
      planned,
      { onProgress: () => {}, signal, commandLine, out: '' },
      {
        ...host,
        chooseAffinity: (workers) => ({ affinity: noAffinity(workers), problem: null }),
        startWorker: startTracedWorker({ planned, target, driver, clock: host.clock, tapOf, onSent }),
        startServer: (own, start) => host.startServer(own, { ...start, onLine: (line) => sink.output(line) }),
        explainRefusal: (refused) => {
          // It sends requests of its own.
          requests.stop();
          return host.explainRefusal(refused);
        },
        prepare: () => () => {},
      },
    );
    return judgeTrace({
      result,
      layout,
      mapping: target.mapping,
      readings: readings.kept,
      sent: [...sent.values()],
    });
  } finally {
    requests.stop();
  }
}

/** The mapping, which notes the events that it sends, and those by which they are confirmed. */
function noting(mapping: Mapping, replyEvents: Set<string>, sentEvents: Set<string>): Mapping {
  const noteReply = (sent: unknown): void => {
    for (const each of [sent].flat()) {
      const reply = typeof each === 'object' && each !== null && 'reply' in each ? each.reply : null;
      const event = typeof reply === 'object' && reply !== null && 'event' in reply ? reply.event : null;
      if (typeof event === 'string') replyEvents.add(event);
    }
  };
  const noteSent = (sent: unknown): void => {
    noteReply(sent);
    if (typeof sent === 'object' && sent !== null && 'event' in sent) sentEvents.add(String(sent.event));
  };
  const wrap =
    <Given, Sent>(note: (sent: unknown) => void, describe: (given: Given) => Sent) =>
    (given: Given): Sent => {
      const sent = describe(given);
      // The message is sent before its reply arrives, and after this call.
      if (sent instanceof Promise) sent.then(note, () => {});
      else note(sent);
      return sent;
    };
  const { join, publish, request } = mapping;
  return {
    ...mapping,
    ...(join === undefined ? {} : { join: wrap(noteReply, join) }),
    ...(publish === undefined ? {} : { publish: wrap(noteSent, publish) }),
    ...(request === undefined ? {} : { request: wrap(noteSent, request) }),
  };
}

/** So many messages without a payload of sockbench are read by event, and kept in all; a server may send any number. */
const MAX_ASIDE = { ofEvent: 1000, kept: 10_000 } as const;

/** Readings that a verdict looks at. */
class Readings {
  readonly kept: TargetReading[] = [];
  readonly #asides = new Map<string, number>();
  #asideCount = 0;

  add(reading: TargetReading): void {
    if (!isAside(reading)) {
      this.kept.push(reading);
      return;
    }
    this.#asideCount += 1;
    if (this.#asideCount > MAX_ASIDE.kept) return;
    this.kept.push(reading);
    this.#asides.set(reading.event, (this.#asides.get(reading.event) ?? 0) + 1);
  }

  /** Whether so many messages of an event had no payload that the next one need not be read. */
  areMany(event: string): boolean {
    return (this.#asides.get(event) ?? 0) >= MAX_ASIDE.ofEvent;
  }
}

function isAside({ found, kind, problem, rejection }: TargetReading): boolean {
  return kind !== 'reply' && found === null && problem === null && rejection === null;
}

function shownFrame({ kind, content }: TappedFrame, isSocketio: boolean): ShownContent {
  const bytes = content.length;
  switch (kind) {
    case 'handshake':
      return { kind: 'open', bytes, content: handshakeText(content.toString('latin1')) };
    case 'text': {
      const text = content.toString('utf8');
      return { kind: (isSocketio ? packetName(text) : null) ?? kind, bytes, content: text };
    }
    case 'close':
      return { kind, bytes, content: closeText(content) };
    default:
      return { kind, bytes, content };
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

function shownPacket(packet: string | Buffer): ShownContent {
  const bytes = Buffer.byteLength(packet);
  return {
    kind: typeof packet === 'string' ? (packetName(packet) ?? 'packet') : 'binary',
    bytes,
    content: packet,
  };
}
