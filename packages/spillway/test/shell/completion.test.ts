import { describe, expect, it } from 'vitest'
import { complete, tablesIn } from '../../src/shell/completion.js'

const names = {
  tables: ['city.public.trips', 'city.public.stations', 'lake.raw.events'],
  columns: ['day', 'distance_km'],
  commands: ['.tables', '.timer', '.help'],
}

describe('completion of a line', () => {
  it.each([
    ['SELECT * FROM ci', ['city.'], 'ci'],
    ['SELECT * FROM city.', ['city.public.'], 'city.'],
    ['SELECT * FROM city.public.', ['city.public.trips', 'city.public.stations'], 'city.public.'],
    ['SELECT * FROM CITY.public.tr', ['city.public.trips'], 'CITY.public.tr'],
    // Who knows the table's own name needs no more.
    ['SELECT * FROM tri', ['city.public.trips'], 'tri'],
    ['SELECT dis', ['distance_km', 'distinct'], 'dis'],
    ['SELECT max(da', ['day'], 'da'],
    ['SEL', ['SELECT'], 'SEL'],
    ['sel', ['select'], 'sel'],
    ['.t', ['.tables', '.timer'], '.t'],
    ['SELECT .t', [], '.t'],
    ['SELECT ', [], ''],
  ])('%j', (line, found, word) => {
    expect(complete(line, names)).toEqual([found, word])
  })

  it('knows which tables a text speaks of, quoted or not', () => {
    expect(tablesIn('select * from "City"."public".trips', names.tables)).toEqual([
      'city.public.trips',
    ])
  })
})
