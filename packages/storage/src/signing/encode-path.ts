import { TableError } from '@spillway/core'

const NOTHING_TO_ENCODE = /^[A-Za-z0-9\-._~/]*$/
const LEFT_BY_ENGINE = /[!'()*]/g

/** Every byte but RFC 3986's unreserved ones and the slash as %XX, in capitals: what SigV4 signs and URLs may carry. */
export function encodePath(key: string): string {
  if (NOTHING_TO_ENCODE.test(key)) return key
  try {
    return encodeURIComponent(key)
      .replaceAll('%2F', '/')
      .replace(LEFT_BY_ENGINE, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
  } catch (cause) {
    throw new TableError('INVALID_REQUEST', 'a key that is not well-formed text has no URL', {
      context: { path: JSON.stringify(key) },
      cause,
    })
  }
}

/** True for keys that HTTP clients rewrite on the way, so that no signature over them could hold. */
export function hasDotSegments(key: string): boolean {
  return key.includes('.') && /(^|\/)\.{1,2}(\/|$)/.test(key)
}
