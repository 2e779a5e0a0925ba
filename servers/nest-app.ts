import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import type { RunningServer, StartOptions } from '../src/contract/server.ts';
import { listen } from './listen.ts';

/** The packages of every Nest application here; each adds its platform. */
export const NEST_PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'reflect-metadata',
  'rxjs',
] as const;

const NEST_FOLDER = new URL('./nest/', import.meta.url).href;
const DECORATORS = { compilerOptions: { experimentalDecorators: true } };
let isAllowed = false;

/**
 * Lets this process import TypeScript with decorators, which Node.js alone does not run. Does nothing in the published
 * package, where all files are compiled, and in Bun, which runs them.
 */
export async function allowDecorators(): Promise<void> {
  if (isAllowed || !import.meta.url.endsWith('.ts') || 'bun' in process.versions) return;
  isAllowed = true;
  // Without a thread, the process of esbuild ends with each call. It would count as part of the server.
  process.env['ESBUILD_WORKER_THREADS'] = '0';
  const { transformSync } = await import('esbuild');
  nodeModule.registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(NEST_FOLDER)) return nextLoad(url, context);
      const source = readFileSync(fileURLToPath(url), 'utf8');
      const { code } = transformSync(source, { loader: 'ts', sourcemap: 'inline', tsconfigRaw: DECORATORS });
      return { format: 'module', source: code, shortCircuit: true };
    },
  });
}

/** Starts an application; `scheme` is the scheme of the URL for clients. */
export async function startNest(
  app: INestApplication,
  scheme: 'http' | 'ws',
  options: StartOptions,
): Promise<RunningServer> {
  await app.init();
  return {
    url: `${scheme}://${await listen(app.getHttpServer(), options)}`,
    close: () => app.close(),
  };
}
