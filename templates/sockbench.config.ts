/** Flags of every `sockbench run` in this folder, in camelCase. What is given on the command line goes before. */
import { defineConfig } from 'sockbench';

export default defineConfig({
  target: './sockbench.target.ts',
  clients: 50,
  rate: '20/s',
  duration: '20s',
  // Fails with exit code 99 unless they hold.
  threshold: ['delivery.p95<100ms', 'lost==0'],
  // Options of a scenario, by its name.
  // scenarios: { 'room-fanout': { rooms: 5 } },
});
