import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** Collects all garbage, at once. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes by which the heap has grown through `action`, garbage left out. */
export function heapGrowthBytes(action: () => void): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  action();
  collectGarbage();
  return process.memoryUsage().heapUsed - before;
}
