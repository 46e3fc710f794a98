/** What a file is compared by. */
export interface Validators {
  /** Strong, with quotes. */
  readonly etag: string
  /** Epoch milliseconds. */
  readonly lastModified: number
}

/** What the conditions of a GET or HEAD come to (RFC 9110 section 13.2.2), but for If-Range. */
export type Precondition = 'holds' | 'failed' | 'not modified'

/** In the order of the section: dates count only where there is no header of tags that goes before them. */
export function preconditionOf(headers: Headers, { etag, lastModified }: Validators): Precondition {
  const match = headers.get('If-Match')
  const unmodified = secondOf(headers.get('If-Unmodified-Since'))
  const second = Math.floor(lastModified / 1000)
  if (match !== null) {
    if (!isAny(match) && !tagsIn(match).includes(etag)) return 'failed'
  } else if (unmodified !== undefined && second > unmodified) return 'failed'
  const noneMatch = headers.get('If-None-Match')
  const since = secondOf(headers.get('If-Modified-Since'))
  if (noneMatch !== null) {
    const tags = tagsIn(noneMatch).map(tag => tag.replace(/^W\//, ''))
    return isAny(noneMatch) || tags.includes(etag) ? 'not modified' : 'holds'
  }
  return since !== undefined && second <= since ? 'not modified' : 'holds'
}

/**
 * Whether a range is of the file that the client has part of (section 13.1.5): a range of another version would be glued to the
 * wrong bytes. A date is not enough, for a file may change twice within its second.
 */
export function isRangeOfSame(headers: Headers, { etag }: Validators): boolean {
  const ifRange = headers.get('If-Range')
  return ifRange === null || ifRange.trim() === etag
}

function isAny(header: string): boolean {
  return header.trim() === '*'
}

/** Weak ones with their `W/`. Whatever else stands there is no tag, and matches nothing. */
function tagsIn(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? []
}

/** The three forms of a date (section 5.6.7): the oldest names no zone, and means GMT. */
const DATED = /^[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2}(?:\d{2})? \d{2}:\d{2}:\d{2} GMT$/
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/** Undefined for what is no date: such a header is as none. */
function secondOf(header: string | null): number | undefined {
  const text = header?.trim() ?? ''
  const dated = ASCTIME.test(text) ? `${text} GMT` : DATED.test(text) ? text : undefined
  const time = dated === undefined ? Number.NaN : Date.parse(dated)
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}
