import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { skipWhenMissing } from './need.ts';

const CHROMIUM = '/usr/bin/chromium';

/** Why a test in a browser is skipped; null where there is one. */
export const missingBrowser = existsSync(CHROMIUM) ? null : `no ${CHROMIUM}: install chromium`;

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface OpenedPage {
  readonly page: Page;
  /** What the page logged. */
  readonly logged: string[];
  /** Addresses that the page requested. */
  readonly requests: string[];
}

/** Starts a browser for the tests of a file, which are skipped without one. Returns it while they run. */
export function useChromium(): () => Browser {
  let browser: Browser | null = null;
  beforeAll(async () => {
    if (missingBrowser === null) browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });
  afterAll(async () => {
    await browser?.close();
  });
  skipWhenMissing(missingBrowser);
  return () => {
    if (browser === null) throw new Error('no browser');
    return browser;
  };
}

/** Opens a page from disk as a person would, and waits until its charts are drawn. */
export type OpenPage = (html: string, options?: BrowserContextOptions) => Promise<OpenedPage>;

/** A plot is drawn when it is near the window, or when the browser has time. */
const NOT_DRAWN = '.plot:not(:has(canvas))';

/** Starts a browser for the tests of a file. */
export function useBrowser(): OpenPage {
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-page-'));
  const browser = useChromium();
  let count = 0;
  afterAll(() => rmSync(folder, { recursive: true }));
  return async (html, options = {}) => {
    const page = await browser().newPage(options);
    const logged: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => logged.push(message.text()));
    page.on('pageerror', (error) => logged.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    const file = join(folder, `${count++}.html`);
    writeFileSync(file, html);
    await page.goto(pathToFileURL(file).href);
    await page.locator(NOT_DRAWN).first().waitFor({ state: 'detached' });
    return { page, logged, requests };
  };
}
