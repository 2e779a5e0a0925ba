/** One delivery in a hundred has each fault. */
export const FAULT_EVERY = 100;

/** A stalling server blocks for `lengthMs` once every `everyMs`. */
export const STALL = { lengthMs: 100, everyMs: 1000 } as const;

/** Faults of the server `mixed`, which touch different messages of each receiver. */
export const MIXED = ['drop', 'duplicate', 'swap'] as const;
export type MixedFault = (typeof MIXED)[number];

/** Whether message `index` has this fault for the receiver at `place`; never the first or last ten of a hundred. */
export function isFaulted(fault: MixedFault, index: number, place: number): boolean {
  const apart = MIXED.indexOf(fault) * 28;
  return index % FAULT_EVERY === 10 + ((place * 7 + apart) % 80);
}

/** The number of deliveries with one of the faults, of `messages` to each of `receivers`. */
export function countFaulted(fault: MixedFault, messages: number, receivers: number): number {
  let count = 0;
  for (let index = 0; index < messages; index++) {
    for (let place = 0; place < receivers; place++) if (isFaulted(fault, index, place)) count += 1;
  }
  return count;
}
