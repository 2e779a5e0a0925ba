import { fileURLToPath } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import type { RunningServer, StartOptions } from '../src/contract/server.ts';
import { listen } from './listen.ts';

/** What every Nest application here needs; the platform comes to it. */
export const NEST_PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'reflect-metadata',
  'rxjs',
] as const;

/**
 * Lets this process import TypeScript with decorators from now on, which Node.js alone does not run. Does nothing
 * where this file is compiled: so are the others.
 */
export async function allowDecorators(): Promise<void> {
  if (!import.meta.url.endsWith('.ts')) return;
  const { register } = await import('tsx/esm/api');
  // By its path: tsx would look for it where the process was started.
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
}

/** Starts an application; `scheme` is that of the URL for its clients. */
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
