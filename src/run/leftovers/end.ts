/** Child entry: `node end.ts guarded PID...` ends processes and groups whose owner has ended, and removes its files. */
import { removeLeftovers } from './remove.ts';

const [, ...pids] = process.argv.slice(2);
await removeLeftovers(pids.map(Number));
