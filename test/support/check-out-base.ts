/** `node check-out-base.ts REF INSTALL`: checks a base out as the command line does, which main.ts makes quit. */
import { checkOutBase } from '../../src/run/base/check-out.ts';

const [ref = '', install = ''] = process.argv.slice(2);
process.on('SIGINT', () => process.exit(130));
await checkOutBase({
  ref,
  install,
  repository: process.cwd(),
  signal: new AbortController().signal,
  onLine: (line) => console.log(line),
});
console.log('checked out');
setInterval(() => {}, 1000);
