import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** `everything` also gives memory back that is not in use, and makes the next allocations slower. */
export type CollectGarbage = (how: 'garbage' | 'everything') => void;

/** Returns the garbage collector of this process. */
export function garbageCollector(): CollectGarbage {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  return (how) => {
    const flavor = how === 'everything' ? 'last-resort' : 'regular';
    collect({ type: 'major', execution: 'sync', flavor });
  };
}
