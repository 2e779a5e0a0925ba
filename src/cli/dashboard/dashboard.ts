import { option } from '../../contract/options.ts';
import { fail, messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import type { Report } from '../../report/blocks.ts';
import { liveRunCharts } from '../../report/content/run-chart-group.ts';
import { renderBody } from '../../report/render/html.ts';
import { livePage } from '../../report/render/page/live-page.ts';
import type { ProgressEvent } from '../../result/progress.ts';
import { type DecodedIntervals, type RunSoFar, viewSoFar } from '../../result/view.ts';
import type { Cli } from '../cli.ts';
import type { Rendering } from '../output.ts';
import type { ProgressFeed } from '../progress/feed.ts';
import { LiveBoard } from './board.ts';
import { DashboardServer } from './server.ts';

/** Flags of commands that measure. */
export const DASHBOARD_OPTIONS = {
  dashboard: option('[PORT]', null, 'show the page while it runs; a free port by default', parsePort),
} as const;

const MAX_PORT = 65_535;

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT) return Number(text);
  return fail(
    'BAD_OPTION',
    `"${text}" is not a port from 0 to ${MAX_PORT}`,
    'Give --dashboard=4000, or --dashboard for a free port.',
  );
}

/** Gives `--dashboard` port 0 where no port follows, so that a scenario that follows is not taken for its value. */
export function separatePort(argv: readonly string[]): string[] {
  return argv.map((word, index) =>
    word === '--dashboard' && !/^\d+$/.test(argv[index + 1] ?? '') ? '--dashboard=0' : word,
  );
}

/** What a command shows on its dashboard. Nothing is done without one. */
export interface Dashboard {
  /** Draws the charts of the run that has started. */
  readonly watch: (soFar: () => RunSoFar) => void;
  /** Shows the report of what was measured so far. Called between runs; the report is made only for viewers. */
  readonly showReport: (report: () => Report) => void;
  /** Ends as the report of a document: the open pages load it, which this waits for. */
  finish<Document>(rendering: Rendering<Document>): Promise<void>;
}

const NO_DASHBOARD: Dashboard = { watch() {}, showReport() {}, async finish() {} };

/** Renders the page of a document, whether it is a format that was asked for or not. */
function lastPageOf<Document>({ kind, document }: Rendering<Document>): string {
  const format = kind.formats.find(({ name }) => name === 'html');
  if (format === undefined) throw new Error(`a ${kind.noun} has no page`);
  return format.render(document);
}

/**
 * Opens the dashboard of a command, where `port` is not null, and closes it after the work. Throws PORT_UNAVAILABLE
 * before the work starts. When the work fails, viewers see why.
 */
export async function withDashboard<Value>(
  cli: Pick<Cli, 'err'>,
  port: number | null,
  feed: Pick<ProgressFeed, 'subscribe'>,
  work: (dashboard: Dashboard) => Promise<Value>,
): Promise<Value> {
  if (port === null) return await work(NO_DASHBOARD);
  const dashboard = await LiveDashboard.open(port);
  cli.err(`dashboard: ${dashboard.url}\n`);
  const unsubscribe = feed.subscribe(dashboard.onEvent);
  try {
    return await work({
      watch: dashboard.watch,
      showReport: dashboard.showReport,
      finish: (rendering) => dashboard.finish(() => lastPageOf(rendering)),
    });
  } catch (error) {
    await dashboard.fail(messageOf(error));
    throw error;
  } finally {
    unsubscribe();
    // Nothing remains to be done after a report or an error.
    await dashboard.fail('the command ended without a report');
  }
}

/** Charts of a run are drawn at most so often, and in at most one part in so many of the time. */
const DRAW_EVERY_MS = 500;
const DRAW_SHARE = 50;
/** A report is drawn between runs, in at most one part in so many of the time. */
const REPORT_SHARE = 10;

/** Turns the progress of a command into events for viewers. Without viewers it only keeps what they would need. */
class LiveDashboard {
  readonly #server: DashboardServer;
  readonly #board = new LiveBoard();
  #soFar: (() => RunSoFar) | null = null;
  #decoded: DecodedIntervals = new Map();
  #report: (() => Report) | null = null;
  #nextChartsMs = 0;
  #nextReportMs = 0;
  #label = '';
  #isOver = false;

  private constructor(server: DashboardServer) {
    this.#server = server;
  }

  static async open(port: number): Promise<LiveDashboard> {
    let dashboard: LiveDashboard | null = null;
    const run = Date.now().toString(36);
    const server = await DashboardServer.open({
      ...{ port, run, page: livePage(run) },
      onViewer: () => dashboard?.onViewer(),
    });
    dashboard = new LiveDashboard(server);
    return dashboard;
  }

  get url(): string {
    return this.#server.url;
  }

  readonly onEvent = (event: ProgressEvent): void => {
    this.#board.add(event);
    if (event.type === 'run') {
      this.#label = event.target;
      this.#soFar = null;
      this.#decoded = new Map();
    }
    this.#server.publish('head', this.#board.head());
    if (event.type === 'second') this.#drawCharts();
  };

  readonly watch = (soFar: () => RunSoFar): void => {
    this.#soFar = soFar;
  };

  readonly showReport = (report: () => Report): void => {
    this.#report = report;
    this.#drawReport();
  };

  /** Shows a new viewer what was not drawn because there was none. */
  readonly onViewer = (): void => {
    this.#drawReport();
    this.#drawCharts();
  };

  get #isWatched(): boolean {
    return !this.#isOver && this.#server.viewerCount > 0;
  }

  #drawCharts(): void {
    const startMs = performance.now();
    if (this.#soFar === null || !this.#isWatched || startMs < this.#nextChartsMs) return;
    const view = viewSoFar(this.#soFar(), this.#decoded);
    this.#server.publish('charts', liveRunCharts(view, foreign(this.#label)));
    const endMs = performance.now();
    this.#nextChartsMs = Math.max(startMs + DRAW_EVERY_MS, endMs + DRAW_SHARE * (endMs - startMs));
  }

  #drawReport(): void {
    const startMs = performance.now();
    if (this.#report === null || !this.#isWatched || startMs < this.#nextReportMs) return;
    this.#server.publish('report', renderBody(this.#report()));
    this.#report = null;
    const endMs = performance.now();
    this.#nextReportMs = endMs + REPORT_SHARE * (endMs - startMs);
  }

  async finish(page: () => string): Promise<void> {
    this.#isOver = true;
    if (this.#server.viewerCount === 0) await this.#server.fail('the command is over');
    else await this.#server.finish(page());
  }

  async fail(reason: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#server.fail(reason);
  }
}
