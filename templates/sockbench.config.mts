/** Flags of every `sockbench run` in this folder, in camelCase. Flags of the command line override them. */
import { defineConfig } from 'sockbench';

export default defineConfig({
  target: './sockbench.target.mts',
  clients: 50,
  rate: '20/s',
  duration: '20s',
  // The run fails with exit code 99 unless it meets these.
  threshold: ['delivery.p95<100ms', 'lost==0'],
  // Options of one scenario.
  // scenarios: { 'room-fanout': { rooms: 5 } },
});
