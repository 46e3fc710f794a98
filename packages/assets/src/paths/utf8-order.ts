const SURROGATE = /[\ud800-\udfff]/

/**
 * The order of bytes of UTF-8 for texts of which `some` are all that may hold surrogates: the engine's own comparison where
 * none does, since UTF-16 puts only surrogates before U+E000.
 */
export function utf8Order(some: Iterable<string>): (a: string, b: string) => number {
  for (const text of some) if (SURROGATE.test(text)) return compareUtf8
  return compareUnits
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a === b ? 0 : 1
}

/** By bytes of UTF-8, without encoding. */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

/**
 * By segments, each by its bytes of UTF-8: what lies in a folder before what only begins as its name does (`a/b`, then
 * `a.txt`).
 */
export function compareSegments(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === right) continue
    if (left === SLASH) return -1
    return right === SLASH ? 1 : codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

const SLASH = 0x2f

function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
