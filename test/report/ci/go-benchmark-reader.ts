/** One line of results in Go's benchmark format. */
export interface GoResult {
  readonly base: string;
  /** `arm` -> `head`; a part without `=` is its own key. */
  readonly parts: Readonly<Record<string, string>>;
  /** Null when the name does not end in one. */
  readonly gomaxprocs: string | null;
  readonly iterations: number;
  readonly values: Readonly<Record<string, number>>;
}

export interface GoBenchmarks {
  readonly config: Readonly<Record<string, string>>;
  /** `sent/s better` -> `higher` */
  readonly units: Readonly<Record<string, string>>;
  readonly results: readonly GoResult[];
}

function readName(name: string): Pick<GoResult, 'base' | 'parts' | 'gomaxprocs'> {
  const gomaxprocs = /-(\d+)$/.exec(name)?.[1] ?? null;
  const [base = '', ...parts] = name.replace(/-\d+$/, '').split('/');
  return {
    base,
    gomaxprocs,
    parts: Object.fromEntries(parts.map((part) => [part.split('=')[0] ?? '', part.replace(/^[^=]*=/, '')])),
  };
}

function readResult(line: string): GoResult {
  // unicode.IsSpace of Go, which takes U+0085 for a space too.
  const [name = '', iterations = '', ...pairs] = line.split(/[\s\u0085]+/);
  if (!/^Benchmark\p{Lu}/u.test(name)) throw new Error(`a name without a capital: ${line}`);
  if (!/^[1-9]\d*$/.test(iterations)) throw new Error(`no count of iterations: ${line}`);
  if (pairs.length < 2 || pairs.length % 2 !== 0) throw new Error(`not pairs of value and unit: ${line}`);
  const values: Record<string, number> = {};
  for (let at = 0; at < pairs.length; at += 2) {
    const [text = '', unit = ''] = pairs.slice(at, at + 2);
    if (!/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) throw new Error(`"${text}" is no number: ${line}`);
    if (unit in values) throw new Error(`"${unit}" twice: ${line}`);
    values[unit] = Number(text);
  }
  return { ...readName(name.slice('Benchmark'.length)), iterations: Number(iterations), values };
}

/**
 * Reads Go's benchmark format by its specification (design 14313 and golang.org/x/perf/benchfmt), and more strictly:
 * a line that is none of its kinds is refused, where Go ignores it. Throws with the line.
 */
export function readGoBenchmarks(text: string): GoBenchmarks {
  const config: Record<string, string> = {};
  const units: Record<string, string> = {};
  const results: GoResult[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, key, value] = /^(\p{Ll}[^\s\p{Lu}:]*):[ \t]+(.*)$/u.exec(line) ?? [];
    const [, unit, aspect, which] = /^Unit (\S+) ([^\s=]+)=(\S+)$/.exec(line) ?? [];
    if (line.startsWith('Benchmark')) results.push(readResult(line));
    else if (unit !== undefined) units[`${unit} ${aspect}`] = which ?? '';
    else if (key !== undefined && results.length === 0) config[key] = value ?? '';
    else throw new Error(`neither result nor configuration before results: ${line}`);
  }
  return { config, units, results };
}
