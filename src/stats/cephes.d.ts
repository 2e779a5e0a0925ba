/** What we use of cephes 3.3.3: the `exports` of its package.json hide its own declarations from TypeScript. */
declare module 'cephes' {
  /** Resolves when the functions can be called. */
  export const compiled: Promise<void>;
  /** Regularised incomplete beta integral from 0 to x. */
  export function incbet(a: number, b: number, x: number): number;
  /** The x at which incbet is y. */
  export function incbi(a: number, b: number, y: number): number;
  /** P(Z <= x) of the standard normal distribution. */
  export function ndtr(x: number): number;
  /** The x at which ndtr is y. */
  export function ndtri(y: number): number;
  /** The t at which the distribution function of Student's t with k degrees of freedom, 1 or more, is p. */
  export function stdtri(k: number, p: number): number;
}
