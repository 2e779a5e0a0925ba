import { aloneEach, defineScenario, HANDSHAKE_STAGES, onOff, option } from '../src/contract/scenario.ts';

export const connectStorm = defineScenario({
  name: 'connect-storm',
  summary: 'clients connect at a rate; time of each handshake by stage, and connections accepted per second',
  headline: 'handshake',
  connections: 'iterations',
  series: {
    stage_tcp: 'start of connecting -> TCP is connected',
    stage_tls: 'TCP is connected -> TLS is agreed on',
    stage_upgrade: 'TCP or TLS is ready -> the server has accepted the WebSocket',
    stage_namespace: 'the WebSocket is accepted -> the Socket.IO namespace is entered',
  },
  options: {
    hold: option(null, 'false', 'hold connections until the end instead of closing each', onOff),
  },
  layout: ({ hold }, clients) => ({ ...aloneEach(clients, { kind: 'steps' }), holds: hold }),
  async steps(user) {
    const { handshakeNs, stages } = await user.open();
    user.record('handshake', handshakeNs);
    for (const stage of HANDSHAKE_STAGES) {
      const lengthNs = stages[stage];
      if (lengthNs !== undefined) user.record(`stage_${stage}`, lengthNs);
    }
  },
});
