/** One delivery in so many is faulted. */
export const FAULT_EVERY = 100;

/** A stalling server does nothing for `lengthMs` once every `everyMs`. */
export const STALL = { lengthMs: 100, everyMs: 1000 } as const;

/** Whether message `index` is faulted for the receiver at `place`; never the first or last ten of a hundred. */
export function isFaulted(index: number, place: number): boolean {
  return index % FAULT_EVERY === 10 + ((place * 7) % 80);
}

/** How many deliveries are faulted of `messages` to each of `receivers`. */
export function countFaulted(messages: number, receivers: number): number {
  let count = 0;
  for (let index = 0; index < messages; index++) {
    for (let place = 0; place < receivers; place++) if (isFaulted(index, place)) count += 1;
  }
  return count;
}
