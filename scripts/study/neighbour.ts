/** A program that uses a third of one CPU until it is ended: busy for 5 of every 15 ms. */
const BUSY_MS = 5;
const EVERY_MS = 15;

setInterval(() => {
  const endMs = performance.now() + BUSY_MS;
  while (performance.now() < endMs);
}, EVERY_MS);
