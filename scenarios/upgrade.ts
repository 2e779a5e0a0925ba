import { aloneEach, defineScenario, fail, integer, option } from '../src/contract/scenario.ts';

export const upgrade = defineScenario({
  name: 'upgrade',
  summary: 'users connect by polling and upgrade to WebSocket; time to upgrade, and round trips meanwhile',
  headline: 'upgrade',
  series: {
    upgrade: 'intended start of a user -> its connection has upgraded to WebSocket',
    ack_upgrading: 'request -> acknowledgement, sent while the connection was upgrading',
    ack_upgraded: 'request -> acknowledgement, sent over WebSocket',
  },
  options: {
    requests: option('N', '5', 'requests of each user over WebSocket, one after the other', integer(1)),
  },
  defaults: { transport: 'upgrade', clients: '10', rate: '20/s' },
  layout(_options, clients, { protocol, transport }) {
    if (transport !== 'upgrade') {
      fail(
        'NOTHING_TO_UPGRADE',
        `the scenario upgrade needs --transport upgrade; ${protocol} ${transport} does not upgrade`,
        'Remove --transport, and give a Socket.IO server as --target.',
      );
    }
    return aloneEach(clients, { kind: 'steps' });
  },
  async steps(user) {
    const connection = await user.open();
    let isUpgrading = true;
    const end = () => {
      isUpgrading = false;
    };
    const upgraded = user.time('upgrade', () => connection.upgraded);
    upgraded.then(end, end);
    while (isUpgrading) await connection.request('ack_upgrading');
    await upgraded;
    for (let sent = 0; sent < user.options.requests; sent++) await connection.request('ack_upgraded');
  },
});
