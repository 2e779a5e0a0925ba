import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { viewResult } from '../../src/result/view.ts';
import { ANY_CPU, runScenario, runUndisturbed, sockbench } from '../support/sockbench.ts';

const CUT_AFTER_MS = 1000;

describe('connections to a server that closes those of 127.0.0.2 after a second', () => {
  const peers = new Map<string, number>();
  let server: Server;
  let target: string[];

  beforeAll(async () => {
    server = createServer();
    new WebSocketServer({ server }).on('connection', (socket, { socket: { remoteAddress = '' } }) => {
      peers.set(remoteAddress, (peers.get(remoteAddress) ?? 0) + 1);
      socket.on('error', () => {});
      if (remoteAddress === '127.0.0.2') setTimeout(() => socket.close(1001, 'idle'), CUT_AFTER_MS);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    target = ['--target', `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, ...ANY_CPU];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.runIf(process.platform === 'linux').each(['auto', 'node'])(
    'idle reports which were cut, over the sockets %s',
    async (sockets) => {
      peers.clear();
      const addresses = ['--source-addresses', '127.0.0.1-127.0.0.2'];
      const load = ['--clients', '10', '--connect-rate', '1000/s', '--duration', '2s', '--sockets', sockets];
      const { result } = await runScenario('idle', ...target, ...addresses, ...load);
      expect(Object.fromEntries(peers)).toEqual({ '127.0.0.1': 5, '127.0.0.2': 5 });
      expect(result.samples).toEqual({ unit: 'connection', count: 5, incomplete: 5 });
      expect(result.clients.dropped).toEqual([{ reason: 'closed with 1001 idle', count: 5 }]);
      const [ages, connects] = ['connection_age', 'connect'].map((name) =>
        viewResult(result).histogram(name),
      );
      expect(ages?.count).toBe(5);
      // The server counts from when it saw the connection, which is while the client connects. Its timer may fire up to
      // a millisecond early, and histograms round.
      const sinceStartNs = (ages?.quantileNs(0) ?? 0) + (connects?.quantileNs(1) ?? 0);
      expect(sinceStartNs).toBeGreaterThan((CUT_AFTER_MS - 5) * 1e6);
      expect(result.findings.map(({ code }) => code)).toEqual(['connections_cut']);
      expect(result.invalid.filter(({ code }) => code === 'clients_lost')).toEqual([]);
    },
  );

  it('connect-storm times the stages of each handshake', async () => {
    const load = [
      '--clients',
      '2',
      '--rate',
      '50/s',
      '--duration',
      '1s',
      '--warmup',
      '0s',
      '--warmup-max',
      '0s',
    ];
    await runUndisturbed(['connect-storm', ...target, ...load], ({ result, stdout }) => {
      expect(result.samples).toEqual({ unit: 'connection', count: 50, incomplete: 0 });
      const { handshake, stage_tcp, stage_upgrade, stage_namespace } = result.series;
      expect([handshake, stage_tcp, stage_upgrade].map((series) => series?.count)).toEqual([50, 50, 50]);
      expect(stage_namespace).toBeUndefined();
      const stagesNs = (stage_tcp?.meanNs ?? 0) + (stage_upgrade?.meanNs ?? 0);
      expect(stagesNs).toBeLessThanOrEqual((handshake?.meanNs ?? 0) * 1.001);
      expect(stdout).toMatch(/^target .*offered\/s +accepted\/s +failed/m);
    });
  });

  it('come from no address of another machine', async () => {
    const { code, stderr } = await sockbench('run', 'idle', ...target, '--source-addresses', '192.0.2.1');
    expect(code).toBe(2);
    expect(stderr).toContain('192.0.2.1 is not an address of this machine');
  });
});
