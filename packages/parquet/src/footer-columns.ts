import type { ParquetFooter } from '@spillway/encoding'

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
