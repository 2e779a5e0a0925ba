import { defineScenario, everyClient } from '../src/contract/scenario.ts';

export const observe = defineScenario({
  name: 'observe',
  summary: 'clients listen to what the server pushes on its own; gaps, and skew between receivers',
  headline: 'push_skew',
  options: {},
  layout: (_options, clients) => ({ rooms: everyClient(clients).map(() => []), streams: [] }),
});
