/** The one table of why a received message is unexpected, as reports show it. */
export const UNEXPECTED = {
  unreadable: 'without a readable timestamp',
  invented: 'with a number, time or stream that was not sent in this run',
  elsewhere: 'sent to other clients',
  ownMessage: "the sender's own, which the server sent back to it",
  notRequested: 'with the number of a reply that was not requested',
  otherRequest: 'in reply to another request',
  warmup: 'of the warm-up, received again',
} as const;
