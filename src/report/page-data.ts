import type { PageData, PageFile } from './render/page/downloads.ts';

/** The formats that a page offers as files, with their media types. */
const PAGE_FILES: Readonly<Record<string, string>> = { json: 'application/json', csv: 'text/csv' };

export const isPageFile = (format: string) => Object.hasOwn(PAGE_FILES, format);

/** A file of a page in a format that it offers. */
export function pageFile(format: string, name: string, text: string): PageFile {
  return { name, label: format.toUpperCase(), type: PAGE_FILES[format] ?? 'text/plain', text };
}

const WITHOUT_SECONDS =
  'The data of this page are without the histograms of each second, which would make it too large. The stored JSON has them.';
const FIGURES_ONLY =
  'The data of this page are without histograms, which would make it too large. The stored JSON has them.';
const WITHOUT_JSON =
  'JSON and histogram logs would make this page too large. The stored results have them: sockbench report FILE --format hlog';

/** The JSON of the files and their CSV, with some of the JSON left out, which the name says. */
function reduced(
  files: readonly PageFile[],
  suffix: string,
  isLeftOut: (key: string) => boolean,
): PageFile[] {
  return files
    .filter(({ label }) => label === 'JSON' || label === 'CSV')
    .map((file) => {
      if (file.label !== 'JSON') return file;
      const document: unknown = JSON.parse(file.text);
      const text = JSON.stringify(document, (key, value: unknown) => {
        if (!isLeftOut(key)) return value;
        if (Array.isArray(value)) return [];
        return typeof value === 'string' ? undefined : value;
      });
      return { ...file, name: file.name.replace(/\.json$/, `-${suffix}.json`), text: `${text}\n` };
    });
}

const OF_SECONDS = new Set(['intervals']);
const OF_HISTOGRAMS = new Set(['intervals', 'samples', 'histogram']);

/** What a page may hold, from all files to the one that every page has room for. */
export function pageData(render: () => readonly PageFile[]): Array<() => PageData> {
  let rendered: readonly PageFile[] | null = null;
  const files = () => {
    rendered ??= render();
    return rendered;
  };
  return [
    () => ({ files: files(), note: '' }),
    () => ({
      files: reduced(files(), 'without-seconds', (key) => OF_SECONDS.has(key)),
      note: WITHOUT_SECONDS,
    }),
    () => ({
      files: reduced(files(), 'figures', (key) => OF_HISTOGRAMS.has(key)),
      note: FIGURES_ONLY,
    }),
    () => ({ files: files().filter(({ label }) => label === 'CSV'), note: WITHOUT_JSON }),
  ];
}
