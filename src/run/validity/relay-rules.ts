import type { Finding } from '../../result/findings.ts';
import type { ResultView } from '../../result/view.ts';
import { formatNs, formatPercent, formatShare } from '../../units.ts';
import { judgedQuantile, LIMITS, type QuantileRule, quantileName } from './limits.ts';

/** A delivery crosses the relay twice: from its sender, and to its receiver. */
const CROSSINGS = 2;

/** How much of a latency may be the relay's own, at a quantile; null where there is no relay. */
function relayShare(
  view: ResultView,
  series: string,
  quantile: number,
): { readonly share: number; readonly text: string } | null {
  const addedNs = view.histogram('relay_added')?.quantileNs(quantile);
  const latencyNs = view.histogram(series)?.quantileNs(quantile);
  if (addedNs === undefined || latencyNs === undefined) return null;
  const name = quantileName(quantile);
  const share = latencyNs === 0 ? 1 : (CROSSINGS * addedNs) / latencyNs;
  const text = `the relay of --network held bytes ${formatNs(addedNs)} longer than configured at ${name}, up to ${formatShare(Math.min(1, share))} of ${series} ${name} ${formatNs(latencyNs)}`;
  return { share, text };
}

/** A relay that is late delays what is measured. */
export const relayLate: QuantileRule = (view, quantile) => {
  const found = relayShare(view, view.result.headline, quantile);
  if (found === null || found.share <= LIMITS.relayEffect) return null;
  return { code: 'relay_late', message: `${found.text}, limit ${formatPercent(LIMITS.relayEffect)}` };
};

/** Notes how much of the latency without the delay of links may be the relay's own. */
export function noteRelay(view: ResultView): Finding | null {
  const quantile = judgedQuantile(view);
  if (relayLate(view, quantile) !== null) return null;
  const found = relayShare(view, `${view.result.headline}_without_link`, quantile);
  if (found === null || found.share <= LIMITS.uncertaintyNoted) return null;
  return { code: 'relay_noticeable', message: found.text };
}

/** Notes which connections the links of the run ended intentionally. */
export function noteCuts({ result: { links } }: ResultView): Finding | null {
  if (links === null || links.cuts.length === 0) return null;
  const causes = links.cuts.map(({ reason, count }) => `${count} by ${reason}`).join(', ');
  return { code: 'link_cuts', message: `connections that --network ended: ${causes}` };
}
