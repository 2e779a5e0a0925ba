/** The markup between the tags of `main`, without the packed data of its charts. */
export function mainOf(html: string): string {
  const [, main = ''] = /<main>(.*)<\/main>/s.exec(html) ?? [];
  if (main === '') throw new Error('the page has no main');
  return main.replaceAll(/<script.*?<\/script>/gs, '');
}
