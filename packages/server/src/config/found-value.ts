/** Keys behind which a secret may stand, also one that was put in the wrong place. */
const SECRET = /secret|token|sha256|credential|password|accesskey|privatekey/i
const LONGEST = 40

/**
 * What was found, for an error that anybody may read: text is quoted only where it cannot be a secret.
 *
 * @internal
 */
export function foundValue(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const isSecret = path.some(key => SECRET.test(String(key)))
  if (typeof value !== 'string') return isSecret ? `a ${typeof value}` : String(value)
  return isSecret || !isHarmless(value)
    ? `text of ${value.length} characters`
    : JSON.stringify(value)
}

/** A key or name in quotes, or its length where it may be a secret that was pasted there. */
export function quoted(name: string, what: string): string {
  return isHarmless(name) ? JSON.stringify(name) : `${what} of ${name.length} characters`
}

function isHarmless(text: string): boolean {
  // What is after an @ or a ? may be a password or a signature; controls and marks of direction deceive who reads.
  if (text.length > LONGEST || /[@?\p{C}\p{Zl}\p{Zp}]/u.test(text)) return false
  const runs = text.match(/[A-Za-z0-9+/_=-]{12,}/g) ?? []
  return runs.every(run => run.length < 24 && !/\d/.test(run))
}
