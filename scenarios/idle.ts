import { defineScenario, everyClient } from '../src/contract/scenario.ts';

const NO_ROOMS: readonly string[] = [];

export const idle = defineScenario({
  name: 'idle',
  summary:
    'clients hold their connections and send nothing; memory of each; at what age and why some are cut',
  headline: 'connection_age',
  options: {},
  defaults: { clients: '1000', duration: '60s', warmup: '0s', warmupMax: '0s' },
  layout: (_options, clients) => ({
    rooms: everyClient(clients).map(() => NO_ROOMS),
    streams: [],
    holds: true,
  }),
});
