const PLAIN = /^[\x20-\x7e]*$/

/** What HFS+ leaves out when it compares names: joiners, marks of direction, the byte order mark. */
const IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/** `path` without the characters that some disks do not see in a name. */
export function withoutIgnored(path: string): string {
  return PLAIN.test(path) ? path : path.replace(IGNORED, '')
}

/**
 * Equal for names that some disk takes for one: full case folding of Unicode (`ß` is `ss`), in any normalization. To be
 * compared, not to be shown. Case folding is mapping down, up and down again, for every character but the dotless i,
 * which folds to itself and has the upper case of i.
 */
export function foldedPath(path: string): string {
  if (PLAIN.test(path)) return path.toLowerCase()
  return withoutIgnored(path)
    .normalize('NFD')
    .replaceAll('ı', '\u0001')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFD')
}
