/** Keys behind which a secret may stand, also one that was put in the wrong place. */
const SECRET = /secret|token|sha256|credential|password|accesskey|privatekey/i
const LONGEST = 40

/**
 * What was found, for an error that anybody may read: text is quoted only where it cannot be a secret. Where a mapping, a list or
 * text was expected (`isWord` false) only its kind is told, for the value of another key may have slipped there.
 *
 * @internal
 */
export function foundValue(
  value: unknown,
  path: readonly PropertyKey[],
  { isWord = true }: { readonly isWord?: boolean } = {},
): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const isSecret = !isWord || path.some(key => SECRET.test(String(key)))
  if (typeof value !== 'string') return isSecret ? `a ${typeof value}` : String(value)
  return isSecret || !isHarmless(value) ? lengthOf('text', value) : JSON.stringify(value)
}

/** A name in quotes, or its length where it may be a secret that was pasted there. */
export function quoted(name: string, what: string): string {
  return isHarmless(name) ? JSON.stringify(name) : lengthOf(what, name)
}

/** The same of a key: with a colon in it, it may be a key and what was to stand behind it (`secret:xyz`). */
export function quotedKey(key: string): string {
  return /^[\p{L}\p{N}_. -]*$/u.test(key) ? quoted(key, 'a key') : lengthOf('a key', key)
}

/** A URL that was misspelt: text that names no host may be anything. */
export function foundUrl(text: string): string {
  const isUrl = /^(https?:\/*)?(localhost|[\w-]+(\.[\w-]+)+)(:\d{1,5})?(\/.*)?$/i.test(text)
  return isUrl && isHarmless(text) ? JSON.stringify(text) : lengthOf('text', text)
}

function lengthOf(what: string, text: string): string {
  return `${what} of ${text.length} ${text.length === 1 ? 'character' : 'characters'}`
}

function isHarmless(text: string): boolean {
  // What is after an @ or a ? may be a password or a signature; controls and marks of direction deceive who reads.
  if (text.length > LONGEST || /[@?\p{C}\p{Zl}\p{Zp}]/u.test(text)) return false
  // Before an @ that was forgotten stand a user and a password: a port is a number.
  if (/:\/\/[^/]*:(?!\d{1,5}(\/|$))/.test(text)) return false
  if (/[:=]/.test(text) && SECRET.test(text)) return false
  const runs = text.match(/[A-Za-z0-9+/_=-]{12,}/g) ?? []
  return runs.every(run => run.length < 24 && !/\d/.test(run))
}
