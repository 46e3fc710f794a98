import crypto from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestSignatures } from '../../src/s3/request-signature.js'

/** RFC 2104 and SigV4 by Node's own HMAC. */
function reference(key: Buffer, textStart: string, request: string): string {
  const hashed = crypto.createHash('sha256').update(request, 'utf8').digest('hex')
  return crypto.createHmac('sha256', key).update(`${textStart}${hashed}`, 'utf8').digest('hex')
}

const TEXT_START = 'AWS4-HMAC-SHA256\n20261122T123456Z\n20261122/eu-central-1/s3/aws4_request\n'

/** As crypto.hash answers, for a Node that has none. */
function hashByObject(algorithm: string, data: string | NodeJS.ArrayBufferView, encoding: string) {
  const hash = crypto.createHash(algorithm).update(data)
  return encoding === 'buffer' ? hash.digest() : hash.digest(encoding as 'hex')
}

describe.each([
  ['in one-shot hashes', hashByObject as typeof crypto.hash],
  ['by objects, as Node 20.11 has to', null],
  ['as this Node does', undefined],
])('signatures made %s', (_, hash) => {
  it.each([0, 1, 31, 32, 63, 64, 65, 66, 127, 128, 129, 200])(
    'are the HMAC with a key of %d bytes',
    length => {
      const key = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + 200) & 0xff))
      const sign = requestSignatures(key, TEXT_START, hash)
      const requests = ['', 'GET\n/a', `GET\n/${'long'.repeat(300)}`, 'GET\n/é😀\u0000', 'GET\n/a']
      expect(requests.map(sign)).toEqual(requests.map(each => reference(key, TEXT_START, each)))
    },
  )

  it('are the HMAC whatever the text before the hash', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 200 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 130 }), texts, texts, (bytes, textStart, request) => {
        const key = Buffer.from(bytes)
        const found = requestSignatures(key, textStart, hash)(request)
        expect(found).toBe(reference(key, textStart, request))
      }),
      { numRuns: 200, seed: 20261201 },
    )
  })
})

it('takes the hashes of a request in turns with another key', () => {
  const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const [one, two] = keys.map(key => requestSignatures(key, TEXT_START))
  expect([one!('x'), two!('y'), one!('z')]).toEqual([
    reference(keys[0]!, TEXT_START, 'x'),
    reference(keys[1]!, TEXT_START, 'y'),
    reference(keys[0]!, TEXT_START, 'z'),
  ])
})
