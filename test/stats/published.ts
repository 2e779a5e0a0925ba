/** Data of textbooks, whose statistics are printed there. */

const FIRST_VISIT = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
const SECOND_VISIT = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];

/**
 * Fall of the Hamilton depression factor in nine patients, whose tranquilliser began between two visits: Hollander and
 * Wolfe, "Nonparametric Statistical Methods" (1999), chapter 3, and the example of R's wilcox.test.
 */
export const DEPRESSION = FIRST_VISIT.map((first, i) => first - (SECOND_VISIT[i] ?? Number.NaN));

/**
 * By how many eighths of an inch crossed plants of maize were higher than self-fertilised ones: Darwin (1876), in
 * Fisher, "The Design of Experiments", and the example of SciPy's wilcoxon.
 */
export const MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
