import { mkdtemp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SockbenchError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { type Format, formats, type PageAssets } from '../report/index.ts';
import type { RunResult } from '../result/schema.ts';
import { writeAtomically } from '../result/store.ts';
import type { Cli } from './cli.ts';

const require = createRequire(import.meta.url);

/** For help. */
export const FORMAT_NAMES = formats.map(({ name }) => name).join(', ');

/** The scripts and styles that the HTML page carries inside itself. */
export async function loadPageAssets(): Promise<PageAssets> {
  const page = (name: string) => readFile(new URL(`../report/html/${name}`, import.meta.url), 'utf8');
  const uplot = (name: string) => readFile(require.resolve(`uplot/dist/${name}`), 'utf8');
  const [uplotJs, uplotCss, pageJs, pageCss] = await Promise.all([
    uplot('uPlot.iife.min.js'),
    uplot('uPlot.min.css'),
    page('browser.js'),
    page('browser.css'),
  ]);
  return { uplotJs, uplotCss, pageJs, pageCss };
}

/** Reads `--format text,html`, of the formats that there are for this; throws UNKNOWN_FORMAT. */
export function pickFormats<T extends { readonly name: string }>(list: string, all: readonly T[]): T[] {
  return list.split(',').map((name) => {
    const found = all.find((format) => format.name === name.trim());
    if (found !== undefined) return found;
    const known = [...new Set(all.map((format) => format.name))];
    const suggestion = nearest(name, known);
    throw new SockbenchError({
      code: 'UNKNOWN_FORMAT',
      message: `--format: there is no format "${name}"; there are: ${known.join(', ')}`,
      hint: suggestion === null ? '' : `Did you mean ${suggestion}?`,
    });
  });
}

/** Reads the formats of results of runs; throws UNKNOWN_FORMAT. */
export function parseFormats(list: string): Format[] {
  return pickFormats(list, formats);
}

/** Renders results in one format. */
export async function renderAs(format: Format, results: readonly RunResult[]): Promise<string> {
  return format.render(results, await loadPageAssets());
}

/**
 * Writes one file per format and returns their paths. A folder that takes no more (full disk, removed
 * meanwhile) is replaced by the system's temporary one, with a warning: what was measured is not lost.
 */
export async function writeReports(
  cli: Cli,
  folder: string,
  name: string,
  list: readonly Format[],
  results: readonly RunResult[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const format of list) {
    const text = await renderAs(format, results);
    const file = `${name}.${format.extension}`;
    const path = await writeOrRescue(cli, folder, file, text);
    if (path !== null) paths.push(path);
  }
  return paths;
}

/**
 * Writes a file, or where that fails into a new folder in the system's temporary one, with a warning; returns its path,
 * null where that fails too.
 */
export async function writeOrRescue(
  cli: Cli,
  folder: string,
  file: string,
  text: string,
): Promise<string | null> {
  const path = join(folder, file);
  try {
    await writeAtomically(path, text);
    return path;
  } catch (error) {
    const problem = `warning: ${path} could not be written: ${messageOf(error)}`;
    try {
      const rescue = join(await mkdtemp(join(tmpdir(), 'sockbench-')), file);
      await writeAtomically(rescue, text);
      cli.err(`${problem}; it is at ${rescue} instead\n`);
      return rescue;
    } catch (second) {
      cli.err(`${problem}; nor elsewhere: ${messageOf(second)}\n`);
      return null;
    }
  }
}

/** `room-fanout-socketio-polling-20261121-233355-042`, from when the run began; UTC. */
export function reportName({ plan, startedAt }: RunResult): string {
  const when = startedAt.slice(0, 23).replaceAll(/[-:]/g, '').replaceAll(/[T.]/g, '-');
  const target = plan.target.url === null ? plan.target.name : plan.target.protocol;
  return `${plan.scenario}-${target}-${plan.transport}-${when}`;
}
