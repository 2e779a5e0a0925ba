/**
 * `node k6-substitutes.js run [--quiet] [--env NAME=VALUE]... SCRIPT` runs a script of k6 on Node.js: as many clients as
 * it asks for, with substitutes for the modules of k6. `version` prints `substitute`.
 */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags, positionals } = parseArgs({
  options: { quiet: { type: 'boolean' }, env: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
const [command, file] = positionals;
if (command === 'version') {
  console.log('substitute');
  process.exit();
}

const values = new Map();

class Metric {
  constructor(name) {
    this.name = name;
    values.set(name, []);
  }

  add(value) {
    values.get(this.name).push(value);
  }
}

const open = new Set();

class CountedWebSocket extends WebSocket {
  constructor(url) {
    super(url);
    open.add(this);
    this.addEventListener('close', () => open.delete(this));
  }
}

globalThis.k6 = {
  'k6/execution': {
    default: { test: { abort: (reason) => process.exit(String(reason).length > 0 ? 1 : 2) } },
  },
  'k6/metrics': { Counter: class extends Metric {}, Trend: class extends Metric {} },
  'k6/timers': { setInterval, setTimeout, clearInterval },
  'k6/websockets': { WebSocket: CountedWebSocket },
};
globalThis.__ENV = Object.fromEntries(flags.env.map((entry) => entry.split(/=(.*)/s, 2)));

registerHooks({
  resolve(specifier, context, next) {
    const names = Object.keys(globalThis.k6[specifier] ?? {});
    if (names.length === 0) return next(specifier, context);
    const lines = names.map((name) =>
      name === 'default'
        ? `export default globalThis.k6['${specifier}'].default;`
        : `export const ${name} = globalThis.k6['${specifier}'].${name};`,
    );
    return { url: `data:text/javascript,${encodeURIComponent(lines.join('\n'))}`, shortCircuit: true };
  },
});

const script = await import(pathToFileURL(file).href);
const { vus, exec } = script.options.scenarios.clients;
for (let client = 0; client < vus; client += 1) script[exec]();
while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));

const sum = (list) => list.reduce((total, value) => total + value, 0);
const sorted = values.get('ack_round_trip').toSorted((a, b) => a - b);
const at = (quantile) => sorted[Math.ceil(sorted.length * quantile) - 1];
const data = {
  metrics: {
    ack_sent: { type: 'counter', values: { count: sum(values.get('ack_sent')) } },
    ack_round_trip: {
      type: 'trend',
      values: { count: sorted.length, med: at(0.5), 'p(99)': at(0.99), max: at(1) },
    },
  },
};
for (const [path, text] of Object.entries(script.handleSummary(data))) writeFileSync(path, text);
process.exit();
