/**
 * Global setup of the tests: bundles the command line and the entries of its processes, with their packages, so that the
 * hundreds of processes that tests start load a few files instead of 700. It has the layout of the published package.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
/** Below the root, where packages are found. */
const FOLDER = join(ROOT, `.cache/bundle-${process.pid}`);

/** Servers run the packages that are installed, and a profile names their functions. */
const EXTERNAL = [
  'koffi',
  'ws',
  'socket.io',
  'engine.io',
  '@socket.io/*',
  '@nestjs/*',
  'rxjs',
  'reflect-metadata',
];
const OTHERS = ['redis', 'bun', 'bun:*', 'esbuild', 'uplot'];

const ENTRIES = [
  'src/cli/main.ts',
  'src/cli/run-child.ts',
  'src/generator/process.ts',
  'src/index.ts',
  'src/null-server/start.ts',
  'src/relay/process.ts',
  'src/run/leftovers/end.ts',
  'src/user-files/interrupter.ts',
  'servers/start.ts',
].map((path) => ({ in: path, out: path.replace('.ts', '') }));

/** The chunk that starts it looks for it beside itself. */
const CLUSTER_NODE = { in: 'servers/cluster/node.ts', out: 'src/node' };

/** An import of node:http reads all of its exports, and one of them loads undici: 50 ms of CPU time per process. */
const HTTP_WITHOUT_UNDICI: Plugin = {
  name: 'http-without-undici',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: 'builtin' }));
    onLoad({ filter: /./, namespace: 'builtin' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http');",
    }));
  },
};

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  outbase: '.',
  outdir: join(FOLDER, 'dist'),
  external: [...EXTERNAL, ...OTHERS],
  plugins: [HTTP_WITHOUT_UNDICI],
  // Packages in CommonJS call require.
  banner: {
    js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
  },
  logLevel: 'error',
} as const satisfies BuildOptions;

export async function setup(): Promise<void> {
  await build({
    ...OPTIONS,
    entryPoints: [...ENTRIES, CLUSTER_NODE],
    splitting: true,
    chunkNames: 'src/chunk-[hash]',
  });
  // A profile leaves out the functions of the probe, which it knows by their folder.
  await build({ ...OPTIONS, entryPoints: ['src/measure/probe.ts'] });
  for (const path of ['bin', 'package.json', 'templates']) {
    cpSync(join(ROOT, path), join(FOLDER, path), { recursive: true });
  }
  mkdirSync(join(FOLDER, 'dist/src/measure'), { recursive: true });
  cpSync(join(ROOT, 'src/measure/preload.cjs'), join(FOLDER, 'dist/src/measure/preload.cjs'));
  cpSync(join(ROOT, 'src/report/render/page'), join(FOLDER, 'dist/src/report/render/page'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
  process.env['SOCKBENCH_BUNDLE'] = FOLDER;
}

export function teardown(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}
