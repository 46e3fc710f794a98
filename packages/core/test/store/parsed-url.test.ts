import { describe, expect, it } from 'vitest'
import { hostOfUrl, parsedUrl } from '../../src/index.js'

describe('a URL', () => {
  it('with letters of Latin in its host is one, however often it is asked', () => {
    for (let i = 0; i < 20_000; i++)
      expect(parsedUrl('https://ü.example/a') === undefined).toBe(false)
    expect(hostOfUrl('https://ü.example:8443/a?sig=s3cret')).toBe('xn--tda.example:8443')
  })

  it.each(['', 'nothing', 'https://a b', '//host/path'])('is none of %j', text => {
    expect(parsedUrl(text)).toBeUndefined()
    expect(hostOfUrl(text)).toBe('an address that is no URL')
  })

  it('is read beside another', () => {
    expect(parsedUrl('../b', 'https://a.example/x/y')?.href).toBe('https://a.example/b')
  })
})
