import type { RunResult } from '../result/run-result.ts';
import { fileNameOf } from '../result/store.ts';
import type { Report } from './blocks.ts';
import type { Ending } from './ending.ts';
import { isPageFile, pageFile } from './page-data.ts';
import { renderMarkdown } from './render/markdown.ts';
import type { PageFile } from './render/page/downloads.ts';
import { renderText } from './render/text.ts';

/** The formats of most kinds of documents unless `--format` names others. */
export const DEFAULT_FORMATS = 'text,json,html';

/** One format of a kind of document. */
export interface Format<Document> {
  /** As in `--format`. */
  readonly name: string;
  /** File name, or its extension without the dot where the file is named after the document. */
  readonly file: string;
  readonly summary: string;
  render(document: Document): string;
}

/** A kind of stored document, its formats in the order of help, and how its files are named. */
export interface DocumentKind<Document> {
  readonly noun: string;
  /** One of them is `json`: the stored document, from which every other format can be made again. */
  readonly formats: ReadonlyArray<Format<Document>>;
  /** Default of `--format`. */
  readonly defaultFormats: string;
  fileName(document: Document, format: Pick<Format<Document>, 'file'>): string;
  /** What a terminal shows in place of the whole text; a kind without one shows the text. */
  ending?(document: Document): Ending;
}

export function format<Document>(
  name: string,
  file: string,
  summary: string,
  render: (document: Document) => string,
): Format<Document> {
  return { name, file, summary, render };
}

const RENDERERS = { text: renderText, md: renderMarkdown } as const;

/** A format that shows the report of a document. */
export function shown<Document>(
  name: keyof typeof RENDERERS,
  file: string,
  summary: string,
  reportOf: (document: Document) => Report,
): Format<Document> {
  return format(name, file, summary, (document) => RENDERERS[name](reportOf(document)));
}

/** Shows a time as part of a file name, in UTC: `20261121-233355-042`. */
export function timeInName(startedAt: string): string {
  return startedAt.slice(0, 23).replaceAll(/[-:]/g, '').replaceAll(/[T.]/g, '-');
}

/**
 * `room-fanout-socketio-polling-20261121-233355-042`, of a shard with `-shard-2-of-4` at the end; a URL, which may hold a
 * token, is left out.
 */
export function runName({ plan, startedAt, shard }: RunResult): string {
  const target = plan.target.url === null ? plan.target.name : plan.target.protocol;
  const part = shard === null ? [] : [`shard-${shard.index}-of-${shard.count}`];
  return fileNameOf(plan.scenario, target, plan.transport, timeInName(startedAt), ...part);
}

/** The files of a document for its page: what it can hold, and `more`. */
export function filesOfPage<Document>(
  kind: DocumentKind<Document>,
  document: Document,
  more: readonly PageFile[] = [],
): PageFile[] {
  const known = kind.formats.filter(({ name }) => isPageFile(name));
  return [
    ...known.map((each) => pageFile(each.name, kind.fileName(document, each), each.render(document))),
    ...more,
  ];
}

/** Turns a document into JSON without spaces: comparisons and searches hold many runs. */
export const renderDense = (document: unknown) => `${JSON.stringify(document)}\n`;
