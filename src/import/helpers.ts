/** Functions that a scenario file gets at its end when its steps call them. */
const HELPERS = {
  pick: `/** One item of a list, at random. */
function pick<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}`,
  at: `/** The value at a path; undefined where there is none. */
function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], value);
}`,
  items: `/** The items of a list; none of anything else. */
function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}`,
  text: `/** A value within text: JSON for objects and lists. */
function text(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}`,
  randomNumber: `function randomNumber(min: number, max: number): number {
  return min + Math.floor(Math.random() * (max - min + 1));
}`,
  randomString: `function randomString(length: number): string {
  const characters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return Array.from({ length }, () => pick([...characters])).join('');
}`,
  jittered: `/** A time that is up to \`jitterMs\` shorter or longer. */
function jittered(durationMs: number, jitterMs: number): number {
  return Math.max(0, durationMs + (2 * Math.random() - 1) * jitterMs);
}`,
  requireMatch: `/** Fails the iteration when the server answered something else. */
function requireMatch(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(\`\${what} does not match\`);
}`,
} as const;

export type Helper = keyof typeof HELPERS;

/** The helpers that other helpers call. */
const CALLS: Readonly<Partial<Record<Helper, readonly Helper[]>>> = { randomString: ['pick'] };

/** The sources of helpers and of those that they call, in the order of the table. */
export function helperSources(called: ReadonlySet<Helper>): string[] {
  const needed = new Set<string>([...called].flatMap((name) => [name, ...(CALLS[name] ?? [])]));
  return Object.entries(HELPERS).flatMap(([name, source]) => (needed.has(name) ? [source] : []));
}
