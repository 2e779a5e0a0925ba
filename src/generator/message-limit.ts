import type { Mapping, OutgoingEvent, OutgoingRequest } from '../contract/mapping.ts';
import type { Payload } from '../contract/protocol.ts';
import type { Layout, Operation, Stream } from '../contract/scenario.ts';
import type { Client } from '../contract/target.ts';
import type { MessageSize } from '../drivers/driver.ts';
import type { PayloadType } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';
import type { ClientPool } from './pool.ts';

/**
 * Finds a message of this worker's operations that is larger than its server takes; null when there is none, or the
 * server does not say what it takes. Messages of one kind of operation differ by the name of the room only, so one of
 * each is measured.
 */
export async function findTooLarge(
  { layout, target, payloads, plan }: WorkerContext,
  { connections }: Pick<ClientPool, 'connections'>,
): Promise<MessageSize | null> {
  const measured = new Set<Operation['kind']>();
  for (const stream of layout.streams) {
    const { sender, operation } = stream;
    const connection = connections.get(sender);
    if (connection?.sizeOf === undefined || measured.has(operation.kind)) continue;
    measured.add(operation.kind);
    const payload = (type: PayloadType = plan.payloadType) => payloads.writeLargest(type);
    const checked = operation.kind === 'steps' ? usualOf(stream, layout) : operation;
    const sent = await sentBy(checked, target.mapping, payload, target.clientOf(sender));
    if (sent === null || 'url' in sent) continue;
    const size = connection.sizeOf(sent.event, sent.data);
    if (size !== null && size.messageBytes > size.maxBytes) return size;
  }
  return null;
}

/** What steps decide to send only the run shows: where others receive, they publish, otherwise they request. */
function usualOf({ sender, receivers }: Stream, { rooms }: Layout): Operation {
  if (receivers.length === 0) return { kind: 'request' };
  const [room = null] = rooms[sender] ?? [];
  return { kind: 'publish', scope: room === null ? 'everyone' : 'room', room };
}

/** What an operation sends; null for nothing that the target describes, or whose description throws. */
async function sentBy(
  operation: Operation,
  mapping: Mapping,
  write: (type?: PayloadType) => Payload,
  client: Client,
): Promise<OutgoingEvent | OutgoingRequest | null> {
  try {
    switch (operation.kind) {
      case 'publish': {
        const { scope, room } = operation;
        const to = operation.to === undefined ? null : client;
        return (await mapping.publish?.({ payload: write(), scope, room, to, client, id: 1 })) ?? null;
      }
      case 'request':
        return (await mapping.request?.({ payload: write(), client, id: 1 })) ?? null;
      case 'echo':
        return (await mapping.echo?.({ payload: write(operation.payloadType), client, id: 1 })) ?? null;
      case 'ask-me':
        return (await mapping.askMe?.({ payload: write(), client, id: 1 })) ?? null;
      case 'stream-reply':
        return (
          (await mapping.streamRequest?.({ payload: write(), count: operation.replies, client })) ?? null
        );
      case 'ping':
      case 'close':
      case 'steps':
        return null;
    }
  } catch {
    // The same error is counted with each message that is sent.
    return null;
  }
}
