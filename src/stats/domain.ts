/** Throws a RangeError that names the first value which is not a finite number. */
export function requireFinite(name: string, values: readonly number[]): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) throw new RangeError(`${name}[${at}] is ${values[at]}; it must be a finite number`);
}

/** Throws a RangeError unless the value lies between 0 and 1, both left out. */
export function requireInsideUnit(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} is ${value}; it must lie between 0 and 1`);
}

/** Throws a RangeError unless the value is a whole number from `least` up to `most`. */
export function requireWhole(
  name: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw new RangeError(`${name} is ${value}; it must be a whole number, ${range}`);
}
