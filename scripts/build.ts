/** Builds the published package into dist/: compiled JavaScript, and what is JavaScript already. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { jsonSchemaOf, STORED_SCHEMA_NAMES } from '../src/result/json-schemas.ts';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit', shell: process.platform === 'win32' });
for (const asset of ['charts', 'live', 'page.css']) {
  cpSync(`src/report/render/page/${asset}`, `dist/src/report/render/page/${asset}`, { recursive: true });
}
cpSync('src/measure/preload.cjs', 'dist/src/measure/preload.cjs');
mkdirSync('dist/schemas');
for (const name of STORED_SCHEMA_NAMES) {
  writeFileSync(`dist/schemas/${name}.schema.json`, `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`);
}
