import type { PageData, PageFile } from './render/page/downloads.ts';

const WITHOUT_SECONDS =
  'The data of this page are without the histograms of each second, which would make it too large. The stored JSON has them.';
const WITHOUT_DATA = 'The data are too large for a page. The stored JSON has them.';

/** The same document without what each second recorded, which is most of it. */
function withoutSeconds(files: readonly PageFile[]): PageFile[] {
  const isSeconds = (key: string, value: unknown) => key === 'intervals' && Array.isArray(value);
  return files.map((file) => {
    if (file.label !== 'JSON') return file;
    const document: unknown = JSON.parse(file.text);
    const text = JSON.stringify(document, (key, value: unknown) => (isSeconds(key, value) ? [] : value));
    return { ...file, name: file.name.replace(/\.json$/, '-without-seconds.json'), text: `${text}\n` };
  });
}

/** What a page may hold, from all files to those that every page has room for. */
export function pageData(files: () => readonly PageFile[]): Array<() => PageData> {
  const short = (labels: readonly string[]) => files().filter(({ label }) => labels.includes(label));
  return [
    () => ({ files: files(), note: '' }),
    () => ({ files: withoutSeconds(short(['JSON', 'CSV'])), note: WITHOUT_SECONDS }),
    () => ({ files: short(['CSV']), note: WITHOUT_DATA }),
  ];
}
