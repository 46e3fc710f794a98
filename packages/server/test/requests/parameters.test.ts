import { describe, expect, it } from 'vitest'
import { timestampParameter } from '../../src/requests/parameters.js'

describe('a moment in a request', () => {
  it.each([
    '2026-01-01T01:30:00.250Z',
    '2026-01-01T03:30:00.250+02:00',
    '2026-01-01T03:30:00.250+0200',
    // As DuckDB prints TIMESTAMPTZ, and the same after an address lost its plus.
    '2026-01-01T03:30:00.250+02',
    '2026-01-01T03:30:00.250 02',
    '2025-12-31T20:30:00.250-05',
  ])('%s is its millisecond', text => {
    expect(timestampParameter(text, 'timestamp')).toBe(Date.UTC(2026, 0, 1, 1, 30, 0, 250))
  })

  it.each(['2026-01-01T01:30:00', '2026-01-01', '2026-01-01T01:30:00+2', 'now', ''])(
    'without a zone it is refused: %s',
    text => {
      expect(() => timestampParameter(text, 'timestamp')).toThrow(
        `timestamp must be an ISO-8601 timestamp with a zone, as 2026-01-01T00:00:00Z, not '${text}'`,
      )
    },
  )

  it('a text that is longer than any is refused at once', () => {
    expect(() => timestampParameter('T'.repeat(1_000_000), 'timestamp')).toThrow(
      /^timestamp must be an ISO-8601 timestamp with a zone.*not a text of 1000000 characters$/,
    )
    // By the square of its length it would be minutes.
  }, 10_000)

  it('what may be a secret in the wrong place is not said again', () => {
    for (const text of ['dapi0123456789abcdef0123456789ab', 'Bearer abc', 'abcdefghijklm']) {
      expect(() => timestampParameter(text, 'timestamp')).toThrow(
        `, not a text of ${text.length} characters`,
      )
    }
  })
})
