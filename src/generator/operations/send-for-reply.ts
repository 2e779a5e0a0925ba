import type { OutgoingEvent } from '../../contract/mapping.ts';
import type { Connection } from '../../drivers/driver.ts';
import type { Stamp } from '../../measure/stamp.ts';
import type { Receiver } from '../receiver.ts';
import type { OnAnswer } from '../replies.ts';

/** A message that has a reply. */
interface AnsweredMessage {
  readonly sender: number;
  readonly connection: Connection;
  readonly stamp: Stamp;
  readonly id: number;
  readonly onAnswer: OnAnswer;
  /** Whether the event that replies is nothing else, the default: that of a published message may be its delivery, too. */
  readonly takesEvent?: boolean;
}

/** Sends an event that has a reply, or that the server may refuse. Returns what stops waiting for the reply. */
export function sendForReply(
  receiver: Receiver,
  { sender, connection, stamp, id, onAnswer, takesEvent = true }: AnsweredMessage,
  { event, data, reply = 'acknowledgement' }: OutgoingEvent,
): () => void {
  let stop = () => {};
  receiver.refusals?.note(sender, stamp, true, (reason, arrival) => {
    stop();
    onAnswer({ kind: 'rejected', reason }, arrival);
  });
  const take: OnAnswer = (answer, arrival) => {
    receiver.refusals?.settle(sender, stamp);
    onAnswer(answer, arrival);
  };
  if (reply === 'acknowledgement') {
    connection.request(event, data, (given, arrival) => take(receiver.replies.judge(given, event), arrival));
    return stop;
  }
  if (reply !== 'none') {
    receiver.listenForReply(sender, connection, reply.event, event);
    stop = receiver.replies.expect(sender, reply, { id, stamp, onAnswer: take, takesEvent });
  }
  connection.emit(event, data);
  return stop;
}
