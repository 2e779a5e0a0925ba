/** Builds the published package into dist/: compiled JavaScript, and what is JavaScript already. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { jsonSchemaOf, STORED_SCHEMA_NAMES } from '../src/result/json-schemas.ts';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit', shell: process.platform === 'win32' });
const PAGE_FOLDER = 'src/report/render/page';
cpSync(PAGE_FOLDER, `dist/${PAGE_FOLDER}`, { recursive: true, filter: (path) => !path.endsWith('.ts') });
cpSync('src/measure/preload.cjs', 'dist/src/measure/preload.cjs');
mkdirSync('dist/schemas');
for (const name of STORED_SCHEMA_NAMES) {
  writeFileSync(`dist/schemas/${name}.schema.json`, `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`);
}
