import { describe, expect, it } from 'vitest'
import { Listings } from '../../src/exact/listings.js'
import { dataFile } from '../support/table.js'

describe('Listings', () => {
  it('numbers what is listed again', () => {
    const listings = new Listings()
    const names = ['a', 'b', 'a', 'c', 'a', 'b']
    expect(names.map(name => listings.next(dataFile(name)))).toEqual([
      undefined,
      undefined,
      2,
      undefined,
      3,
      2,
    ])
  })

  it('goes on where the page before ended', () => {
    const listings = new Listings({ path: 'a', listings: 2 })
    const names = ['a', 'a', 'b', 'b']
    expect(names.map(name => listings.next(dataFile(name)))).toEqual([3, 4, undefined, 2])
    const once = new Listings({ path: 'a' })
    expect(['b', 'c', 'b'].map(name => once.next(dataFile(name)))).toEqual([
      undefined,
      undefined,
      2,
    ])
  })

  it('takes two spellings of one place for one file', () => {
    const listings = new Listings()
    const path = 'file:///lake/x'
    expect(listings.next(dataFile('x', { path }))).toBeUndefined()
    expect(listings.next(dataFile('file:/lake/x', { path }))).toBe(2)
  })

  it('takes no file of a hundred thousand for another', () => {
    const listings = new Listings()
    for (let i = 0; i < 100_000; i++) {
      expect(listings.next(dataFile(`part-${i}.parquet`))).toBeUndefined()
    }
    expect(listings.next(dataFile('part-77.parquet'))).toBe(2)
  })
})
