import type { ParquetFooter } from '@spillway/encoding'

/** As many columns are looked for one after the other; each look at a table of very many is long. */
const FEW_COLUMNS = 8

/** `leafOfPath` for many columns of one file. */
export function leafFinder(
  footer: ParquetFooter,
  columns: number,
): (names: readonly string[]) => number | undefined {
  if (columns <= FEW_COLUMNS) return names => leafOfPath(footer, names)
  const places = new Map<string, number>()
  for (const [at, { path }] of footer.leaves.entries()) {
    const key = JSON.stringify(path)
    if (!places.has(key)) places.set(key, at)
  }
  return names => places.get(JSON.stringify(names))
}

/** Index of a footer's leaf by the names on the way to it; undefined where the file lacks it. */
export function leafOfPath(footer: ParquetFooter, names: readonly string[]): number | undefined {
  const at = footer.leaves.findIndex(
    ({ path }) => path.length === names.length && path.every((name, i) => name === names[i]),
  )
  return at < 0 ? undefined : at
}

/** True where no column of the file begins the path: rows then hold null there. */
export function lacksColumn(footer: ParquetFooter, names: readonly string[]): boolean {
  return !footer.root.children.some(({ name }) => name === names[0])
}
