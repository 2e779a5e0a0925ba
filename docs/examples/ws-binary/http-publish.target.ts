/** The same server, with messages published over HTTP. */
import { defineTarget } from 'sockbench';
import target, { numberOf } from './sockbench.target.ts';

export default defineTarget({
  ...target,
  name: 'binary rooms over HTTP',
  // Relative to the URL of the target.
  publish: ({ payload, room }) => ({
    url: `/rooms/${numberOf(room)}`,
    method: 'POST',
    body: payload,
  }),
});
