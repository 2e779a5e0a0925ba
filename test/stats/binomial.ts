/** P(X >= successes) for X ~ Binomial(trials, probability), term by term; for few trials. */
export function binomialTail(successes: number, trials: number, probability: number): number {
  let tail = 0;
  let ways = 1;
  for (let k = 0; k <= trials; k++) {
    if (k >= successes) tail += ways * probability ** k * (1 - probability) ** (trials - k);
    ways = (ways * (trials - k)) / (k + 1);
  }
  return tail;
}
