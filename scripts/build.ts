/** Builds the published package into dist/: compiled JavaScript, and the page's own script and styles. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit', shell: process.platform === 'win32' });
for (const asset of ['browser.js', 'browser.css']) {
  cpSync(`src/report/html/${asset}`, `dist/src/report/html/${asset}`);
}
