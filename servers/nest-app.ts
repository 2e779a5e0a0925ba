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

/**
 * Lets this process import TypeScript with decorators, which Node.js alone does not run. Does nothing in the published
 * package, where all files are compiled.
 */
export async function allowDecorators(): Promise<void> {
  if (!import.meta.url.endsWith('.ts')) return;
  // Its cache would stay in the folder for temporary files.
  process.env['TSX_DISABLE_CACHE'] = '1';
  const { register } = await import('tsx/esm/api');
  // An absolute path, because tsx would look in the working directory.
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
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
