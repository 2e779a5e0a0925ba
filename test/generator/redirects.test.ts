import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';

/** In a process of its own, as in a generator: it changes Node's global agents. */
const CLIENT = `
  import { officialSocketio } from './src/drivers/socketio.ts';
  import { refuseRedirects } from './src/generator/http-publisher.ts';
  refuseRedirects();
  await officialSocketio.connect({ url: process.argv[1], transport: 'polling', timeoutMs: 2000 }).then(
    () => console.log('connected'),
    (error) => console.log(error.message),
  );
  process.exit();
`;

it.each([302, 303, 307])('a redirect with status %i of a polling client goes nowhere', async (status) => {
  let followed = 0;
  const elsewhere = createServer((_request, response) => {
    followed += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  const other = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
  const server = createServer((_request, response) =>
    response.writeHead(status, { location: other }).end(),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const said = await new Promise<string>((resolve, reject) => {
    const args = ['--input-type=module-typescript', '--eval', CLIENT, url];
    execFile(process.execPath, args, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
  expect(said).toMatch(/redirected to 127\.0\.0\.1, which is not followed/);
  expect(followed).toBe(0);
  for (const each of [server, elsewhere]) {
    each.closeAllConnections();
    each.close();
  }
});
