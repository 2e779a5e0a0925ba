import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DocumentKind, RUNS } from '../../../src/report/index.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { missingBrowser, type OpenedPage, type OpenPage } from '../../support/browser.ts';
import { makeResult } from '../fixture.ts';

const DESKTOP = { viewport: { width: 1400, height: 800 }, colorScheme: 'light' } as const;
const PHONE = { viewport: { width: 390, height: 800 }, colorScheme: 'dark' } as const;

/** A document in one of its formats. */
function rendered<Document>(kind: DocumentKind<Document>, document: Document, name = 'html'): string {
  return kind.formats.find((format) => format.name === name)?.render(document) ?? '';
}

const short = (options: Parameters<typeof makeResult>[0]) =>
  makeResult({ seconds: 2, clients: 4, rateHz: 20, ...options });
const SCENARIOS = ['broadcast-latency', 'room-fanout', 'ack-roundtrip'] as const;

/** Nine short runs: three targets in three scenarios, one of them invalid. */
function nineRuns(): RunResult[] {
  return SCENARIOS.flatMap((scenario) => [
    short({ scenario, medianNs: 2e6 }),
    short({ scenario, transport: 'polling', medianNs: 4e6 }),
    short({ scenario, target: 'ws', protocol: 'ws', medianNs: 0.5e6 }),
  ]).map((result, index) =>
    index === 2 ? { ...result, invalid: [{ code: 'send_lag', message: 'sends were late' }] } : result,
  );
}

/** The title of the table of all scenarios. */
const RANKING = 'Runs by scenario';

/** The texts of the cells of one column of a table. */
function columnOf(page: Page, title: string, column: number): Promise<string[]> {
  return page
    .locator('table', { has: page.locator('caption', { hasText: title }) })
    .first()
    .locator(`tbody tr:not(.group) > :nth-child(${column})`)
    .allInnerTexts();
}

async function downloaded(page: Page, button: string): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('.downloads').getByRole('button', { name: button, exact: true }).click(),
  ]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

/** What a reader does with a page: files, links, sorting, printing. */
export function testUse(openPage: OpenPage): void {
  describe('the page of one run', () => {
    const result = short({});
    let opened: OpenedPage;
    beforeAll(async () => {
      if (missingBrowser === null) opened = await openPage(rendered(RUNS, [result]), DESKTOP);
    });

    it('gives the stored result, its row and its histogram log as files', async () => {
      const { page, logged, requests } = opened;
      for (const [button, format] of [
        ['JSON', 'json'],
        ['CSV', 'csv'],
        ['.hlog', 'hlog'],
      ] as const) {
        const { name, text } = await downloaded(page, button);
        expect(name).toMatch(new RegExp(`^broadcast-latency-.*\\.${format}$`));
        expect(text).toBe(rendered(RUNS, [result], format));
      }
      expect(logged).toEqual([]);
      expect(requests.filter((url) => !url.startsWith('blob:'))).toEqual([page.url()]);
    });

    it('copies the command that repeats the run', async () => {
      const { page } = opened;
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'Copy command' }).click();
      await page.getByText('Copied', { exact: true }).waitFor();
      const command = 'sockbench run broadcast-latency --target socketio';
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(command);
    });

    it('has its charts on paper when it is printed as soon as it has loaded', async () => {
      const { page } = opened;
      await page.addInitScript(
        "addEventListener('afterprint', () => { globalThis.printed = document.querySelectorAll('.paper path').length })",
      );
      await page.reload();
      const plots = await page.locator('.plot').count();
      expect(plots).toBeGreaterThan(4);
      const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
      // Each chart but the heat map has a line.
      expect(await page.evaluate('globalThis.printed')).toBeGreaterThanOrEqual(plots - 1);
      expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(2);
      await expect.poll(() => page.locator('.paper').count()).toBe(0);
    });

    it('opens the fold that a link of its contents names, by keyboard alone', async () => {
      const { page } = opened;
      const title = 'Plan and environment';
      const contents = page.getByRole('navigation', { name: 'Contents' });
      await contents.getByRole('link', { name: title }).focus();
      await page.keyboard.press('Enter');
      const fold = page.locator('details', { has: page.locator('summary', { hasText: title }) });
      await expect.poll(() => fold.getAttribute('open')).toBe('');
      expect(page.url()).toContain('#broadcast-latency-on-socketio-websocket-plan-and-environment');
    });
  });

  describe('the page of nine runs', () => {
    const nine = rendered(RUNS, nineRuns());
    let page: Page;
    beforeAll(async () => {
      if (missingBrowser === null) ({ page } = await openPage(nine, DESKTOP));
    });

    it('ranks the targets of each scenario with the invalid run last', async () => {
      expect(await page.locator('h1').innerText()).toBe(
        '1 of 9 INVALID ws has the lowest p50 in 2 of 3 scenarios and socketio websocket in 1',
      );
      const order = ['socketio websocket', 'socketio polling', 'ws'];
      expect((await columnOf(page, RANKING, 1)).slice(0, 3)).toEqual(order);
      expect((await columnOf(page, RANKING, 2)).slice(0, 6)).toEqual(['1', '2', '-', '1', '2', '3']);
      expect(await page.locator('tr.invalid th').first().innerText()).toBe('ws');
      const line = "getComputedStyle(document.querySelector('tr.invalid td')).textDecorationLine";
      expect(await page.evaluate(line)).toBe('line-through');
    });

    it('sorts the rows of each group by mouse and keyboard, and restores them', async () => {
      const table = page.locator('table', { has: page.locator('caption', { hasText: RANKING }) });
      const sort = table.getByRole('button', { name: /^p50 m?s/ });
      const firstGroup = async () => (await columnOf(page, RANKING, 1)).slice(0, 3);
      await sort.click();
      expect(await firstGroup()).toEqual(['ws', 'socketio websocket', 'socketio polling']);
      await sort.focus();
      await page.keyboard.press('Enter');
      expect(await firstGroup()).toEqual(['socketio polling', 'socketio websocket', 'ws']);
      expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
      await page.keyboard.press('Enter');
      expect(await firstGroup()).toEqual(['socketio websocket', 'socketio polling', 'ws']);
    });

    it('prints in its colours with open folds, and shows the environment once', async () => {
      await page.emulateMedia({ media: 'print' });
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      expect(await page.locator('details:not([open], .data)').count()).toBe(0);
      expect(await page.evaluate('getComputedStyle(document.body).printColorAdjust')).toBe('exact');
      expect(await page.getByText('Example CPU').count()).toBe(1);
      await page.evaluate("dispatchEvent(new Event('afterprint'))");
      expect(await page.locator('details:not([open], .data)').count()).toBeGreaterThan(8);
      await page.emulateMedia({ media: 'screen' });
    });

    it('on a phone, has a shadow at the edge of a table that goes on, whose box takes the focus', async () => {
      await page.setViewportSize(PHONE.viewport);
      const box = page.locator('.scroll.scrolls').first();
      await box.waitFor();
      expect(await box.getAttribute('tabindex')).toBe('0');
      const image = "getComputedStyle(document.querySelector('.scroll.scrolls')).backgroundImage";
      expect(await page.evaluate(image)).toContain('linear-gradient');
      await page.setViewportSize(DESKTOP.viewport);
      await expect.poll(() => page.locator('.scroll[tabindex="-1"]').count()).toBeGreaterThan(3);
    });

    it('isolates a run, to whom the heat map then belongs, and adds another', async () => {
      const runs = page.getByRole('group', { name: 'Runs' }).first();
      await runs.getByRole('button', { name: 'socketio polling' }).click();
      expect(await runs.locator('[aria-pressed="true"]').allInnerTexts()).toEqual(['socketio polling']);
      expect(await page.locator('figure .keys').nth(1).innerText()).toBe('socketio polling');
      await runs.getByRole('button', { name: 'ws', exact: true }).click({ modifiers: ['Shift'] });
      expect(await runs.locator('[aria-pressed="true"]').count()).toBe(2);
    });
  });
}
