/** Streams and clients are numbered by thread, without asking the others. A stamp has room for numbers of 32 bits. */
const MAX_THREADS = 1024;

/** The number of the client or stream at a place of a thread, which no other thread gives. */
export function numberInThread(place: number, thread: number): number {
  return place * MAX_THREADS + (thread % MAX_THREADS);
}

/** The place of a number in its thread. */
export function placeOfNumber(number: number): number {
  return Math.floor(number / MAX_THREADS);
}

/** Whether a thread has given this number. */
export function isOfThread(number: number, thread: number): boolean {
  return number % MAX_THREADS === thread % MAX_THREADS;
}
