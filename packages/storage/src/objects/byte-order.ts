import { type Steps, sorted } from '@spillway/core'

const SURROGATE = /[\ud800-\udfff]/

/** UTF-8 byte order, which is the order of listings, without encoding: UTF-16 puts surrogates before U+E000. */
export function comparePaths(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** Sorts in place by UTF-8 bytes; the engine's own order is the same unless a name leaves the basic plane. */
export function sortPaths(paths: string[]): string[] {
  return paths.some(path => SURROGATE.test(path)) ? paths.sort(comparePaths) : paths.sort()
}

/** Paths in byte order, sorted in steps: there may be very many. */
export function* sortedPaths(paths: string[]): Steps<readonly string[]> {
  return paths.length <= FEW_PATHS ? sortPaths(paths) : yield* sorted(paths, comparePaths)
}

/** Sorted in a millisecond. */
const FEW_PATHS = 4096
