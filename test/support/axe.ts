import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on a page with all folds open, but for the hundreds of marks in images: rules and the first element of each. */
export async function violationsOf(page: Page): Promise<unknown> {
  await page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true");
  await page.evaluate(AXE);
  return page.evaluate(
    "axe.run({ exclude: ['.panel svg > *'] }, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html].join(' ')))",
  );
}
