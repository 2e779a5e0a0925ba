/** A program that uses a third of one CPU until it is ended: busy for 5 of every 15 ms. */
const NEIGHBOUR_BUSY_MS = 5;
const NEIGHBOUR_EVERY_MS = 15;

setInterval(() => {
  const endMs = performance.now() + NEIGHBOUR_BUSY_MS;
  while (performance.now() < endMs);
}, NEIGHBOUR_EVERY_MS);
