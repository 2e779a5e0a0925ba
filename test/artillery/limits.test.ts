import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { countedSocketio, countedWs } from './counted-servers.ts';
import { ARTILLERY_TEST, missingArtillery, runArtillery } from './run-artillery.ts';

skipWhenMissing(missingArtillery);

/** Writes a script of Artillery, which reads JSON as YAML; returns its path. */
function scriptOf(script: object): string {
  const file = join(temporaryFolder(), 'script.json');
  writeFileSync(file, JSON.stringify(script));
  return file;
}

const NAMESPACES = ['/news', '/sport', '/weather'];

/** Eight users of the engine socketio-v3, each in one of three namespaces at random, at the same time. */
function inNamespaces(first: (namespace: string) => object[], options: object): string {
  return scriptOf({
    config: {
      target: 'http://127.0.0.1:1',
      phases: [{ duration: 1, arrivalRate: 8 }],
      engines: { 'socketio-v3': { transports: ['websocket'], ...options } },
    },
    scenarios: NAMESPACES.map((namespace) => ({
      name: namespace,
      engine: 'socketio-v3',
      flow: [
        ...first(namespace),
        { emit: ['hello', { ok: true }], namespace, acknowledge: { match: { json: '$.ok', value: true } } },
        { think: 2 },
      ],
    })),
  });
}

describe('the engine socketio-v3', ARTILLERY_TEST, () => {
  it.concurrent('shares one connection between the first users of all namespaces, also with forceNew in its options', async () => {
    const server = await countedSocketio(NAMESPACES);
    const { code, counters } = await runArtillery(
      inNamespaces(() => [], { forceNew: true }),
      server.url,
    );
    await server.close();
    const used = NAMESPACES.filter((namespace) => (counters[`vusers.created_by_name.${namespace}`] ?? 0) > 0);
    expect({ code, ...server.counts }).toMatchObject({
      code: 0,
      clients: 8,
      connections: 8 - (used.length - 1),
      received: { hello: 8 },
    });
  });

  it.concurrent('gives each user a connection after a connect step', async () => {
    const server = await countedSocketio(NAMESPACES);
    const script = inNamespaces((namespace) => [{ connect: {}, namespace }], {});
    const { code } = await runArtillery(script, server.url);
    await server.close();
    expect({ code, ...server.counts }).toMatchObject({ code: 0, clients: 8, connections: 8 });
  });
});

describe('the engine ws', ARTILLERY_TEST, () => {
  it.concurrent('ends Artillery with code 11 when another message comes after a match', async () => {
    const server = await countedWs();
    const enter = { event: 'enter_chat', data: ['a'], id: 1 };
    const flow = [
      { send: { payload: enter, match: { json: '$.ack', value: 1 } } },
      { think: 1 },
      { send: { event: 'send_message', data: { message: 'x', scope: 'everyone' } } },
      { think: 1 },
    ];
    const config = { target: 'ws://127.0.0.1:1', phases: [{ duration: 2, arrivalRate: 3 }] };
    const { code, output } = await runArtillery(
      scriptOf({ config, scenarios: [{ engine: 'ws', flow }] }),
      server.url,
    );
    await server.close();
    expect(output).toContain('Callback was already called');
    expect(code).toBe(11);
  });
});
