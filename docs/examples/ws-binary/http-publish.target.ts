/** The same server, told by HTTP requests; everything else is as in sockbench.target.ts. */
import { defineTarget } from 'sockbench';
import target, { numberOf } from './sockbench.target.ts';

export default defineTarget({
  ...target,
  name: 'binary rooms, told by HTTP',
  // The path is on the server of the target's own URL. Without `method` it is a POST.
  publish: ({ payload, room }) => ({
    url: `/rooms/${numberOf(room)}`,
    method: 'POST',
    body: payload,
  }),
});
