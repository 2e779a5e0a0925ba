/**
 * How long a browser takes until a page and its charts are drawn:
 *
 *     npm run page-speed [-- PAGE...]    the sample page of nine runs, or pages of your own; leave the machine alone
 *
 * Prints medians of nine loads on a wide and on a narrow window. Exit code 99 when the charts in view took longer than a
 * second.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { textTable } from '../src/report/render/text.ts';
import { median } from '../src/result/order-statistics.ts';

const CHROMIUM = '/usr/bin/chromium';
const SAMPLE = 'reports/sample/bench.html';
const WIDTHS = [1400, 390];
const LOADS_OF_PAGE = 9;
const LIMIT_MS = 1000;
/** Milliseconds from the start of the navigation; null where the page has no such moment. */
const MOMENTS = `['first-contentful-paint', 'charts-in-view', 'charts-drawn'].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? null)`;

type Moments = [paint: number | null, inView: number | null, drawn: number | null];

/** One load in a context of its own, which has nothing in its cache. */
async function loadOnce(browser: Browser, url: string, width: number): Promise<Moments> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  await page.goto(url);
  await page.locator('.plot:not(:has(canvas))').first().waitFor({ state: 'detached' });
  const moments = (await page.evaluate(MOMENTS)) as Moments;
  await page.close();
  return moments;
}

const speedHeading = (title: string, unit: string | null) => {
  return { title, unit, numeric: unit !== null, meaning: '', isProse: false };
};
const SPEED_HEADINGS = [
  speedHeading('page', null),
  ...['width px', 'first paint ms', 'charts in view ms', 'all charts ms'].map((title) =>
    speedHeading(title, ''),
  ),
  speedHeading('', null),
];

const pages = process.argv.length > 2 ? process.argv.slice(2) : [SAMPLE];
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
const speeds: string[][] = [];
for (const path of pages) {
  const url = pathToFileURL(resolve(path)).href;
  for (const width of WIDTHS) {
    const loads: Moments[] = [];
    for (let load = 0; load < LOADS_OF_PAGE; load++) loads.push(await loadOnce(browser, url, width));
    const [paint, inView, drawn] = [0, 1, 2].map((moment) => {
      const known = loads.map((each) => each[moment] ?? null).filter((value) => value !== null);
      return known.length === 0 ? null : Math.round(median(known));
    });
    const verdict = inView === null ? 'no charts' : (inView ?? 0) <= LIMIT_MS ? 'PASS' : 'FAIL';
    if (verdict === 'FAIL') process.exitCode = 99;
    speeds.push([path, ...[width, paint, inView, drawn].map((value) => `${value ?? '-'}`), verdict]);
  }
}
await browser.close();
console.log(textTable({ headings: SPEED_HEADINGS, rows: speeds }, 80).join('\n'));
