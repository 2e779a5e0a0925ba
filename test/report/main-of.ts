/** The markup between the tags of `main`, without the styles and scripts that every page carries. */
export function mainOf(html: string): string {
  const [, main = ''] = /<main>(.*)<\/main>/s.exec(html) ?? [];
  if (main === '') throw new Error('the page has no main');
  return main;
}
