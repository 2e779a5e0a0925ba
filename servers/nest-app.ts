import { mkdirSync } from 'node:fs';
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
  const { TMPDIR } = process.env;
  // tsx keeps its cache in the folder for temporary files, where it would be left behind.
  process.env['TMPDIR'] = fileURLToPath(new URL('../node_modules/.cache', import.meta.url));
  mkdirSync(process.env['TMPDIR'], { recursive: true });
  const { register } = await import('tsx/esm/api');
  // An absolute path, because tsx would look in the working directory.
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
  if (TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = TMPDIR;
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
