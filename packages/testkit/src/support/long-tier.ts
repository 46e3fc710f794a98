/**
 * Tests that repeat one proof over many tables, seeds or bytes run over a spread of them in `npm test`, and over all of them
 * in `npm run test:long`, which sets `SPILLWAY_LONG`. That script runs the files that call one of these two.
 */
const isLong = (process.env.SPILLWAY_LONG ?? '') !== ''

/** One of two values, such as how often something is tried. */
export function quickOr<Value>(quick: Value, long: Value): Value {
  return isLong ? long : quick
}

/** `count` of the items at even distances, the first and the last among them; all of them in the long tier. */
export function spreadOf<Item>(items: Iterable<Item>, count: number): readonly Item[] {
  const all = [...items]
  if (isLong || all.length <= count) return all
  const step = count > 1 ? (all.length - 1) / (count - 1) : 0
  return Array.from({ length: count }, (_, i) => all[Math.round(i * step)]!)
}
