import { describe, expect, it } from 'vitest'
import { parseProperties } from '../../src/config/properties.js'

describe('properties', () => {
  it('reads escapes, separators, comments and continuation lines as Java does', () => {
    const text = [
      '#comment=1',
      '! other',
      'a=1',
      'b : two words ',
      'c\\=d\\:e=x\\=y\\:z',
      "format=yyyy-MM-dd'T'HH\\:mm",
      'long=first\\',
      '   second',
      'u=\\u00fc\\tend',
      'empty=',
      'bare',
      'slash=a\\\\',
    ].join('\r\n')
    expect([...parseProperties(text)]).toEqual([
      ['a', '1'],
      ['b', 'two words '],
      ['c=d:e', 'x=y:z'],
      ['format', "yyyy-MM-dd'T'HH:mm"],
      ['long', 'firstsecond'],
      ['u', 'ü\tend'],
      ['empty', ''],
      ['bare', ''],
      ['slash', 'a\\'],
    ])
  })
})
