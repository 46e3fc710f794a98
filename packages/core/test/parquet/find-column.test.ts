import { describe, expect, it } from 'vitest'
import { type ColumnMatching, columnFinder, type Field } from '../../src/index.js'
import type { FoundColumn } from '../../src/parquet/column-index.js'
import { mappedNames } from '../../src/parquet/find-column.js'

const field = (id: number, name: string, physicalName = name): Field => ({
  id,
  name,
  physicalName,
  type: 'int',
  nullable: true,
})
const MAPPING = JSON.stringify([
  { 'field-id': 1, names: ['a'] },
  { 'field-id': 2, names: ['b', 'renamed'], fields: [{ 'field-id': 3, names: ['x'] }] },
  { names: ['nobody'] },
])

const BY_NAME: ColumnMatching = { by: 'name' }
const BY_ID_OR_POSITION: ColumnMatching = { by: 'id', withoutIds: 'position' }
const BY_ID_OR_MAPPING: ColumnMatching = { by: 'id', withoutIds: 'mapping', mapping: MAPPING }

function found(
  at: Field,
  columns: readonly FoundColumn[],
  { columnMatching = BY_ID_OR_POSITION, below = false } = {},
): number | undefined {
  const file = { columns, hasFieldIds: columns.some(({ fieldId }) => fieldId !== undefined) }
  const find = columnFinder({ columnMatching }, file)
  return find(at, below ? [...columns] : columns)
}

describe('by id', () => {
  it('goes by field id, whatever the file calls it', () => {
    const columns = [
      { name: 'b', fieldId: 1 },
      { name: 'a', fieldId: 2 },
    ]
    expect(found(field(1, 'a'), columns)).toBe(0)
    expect(found(field(9, 'a'), columns)).toBe(undefined)
  })

  it('does not go by the name mapping in a file with ids', () => {
    const columnMatching = BY_ID_OR_MAPPING
    const columns = [{ name: 'a' }, { name: 'b', fieldId: 2 }]
    expect(found(field(1, 'a'), columns, { columnMatching })).toBe(undefined)
  })

  it('goes by the name mapping in a file without any, with regard to case', () => {
    const columnMatching = BY_ID_OR_MAPPING
    const columns = [{ name: 'A' }, { name: 'renamed' }, { name: 'x' }]
    expect(found(field(1, 'a'), columns, { columnMatching })).toBe(undefined)
    expect(found(field(2, 'now'), columns, { columnMatching })).toBe(1)
    expect(found(field(3, 'y'), columns, { columnMatching })).toBe(2)
    expect(found(field(4, 'nobody'), columns, { columnMatching })).toBe(undefined)
  })

  it('goes by position in a file without ids of a table without a mapping', () => {
    const columns = [{ name: 'second' }, { name: 'first' }]
    expect(found(field(1, 'first'), columns)).toBe(0)
    expect(found(field(2, 'second'), columns)).toBe(1)
    expect(found(field(3, 'third'), columns)).toBe(undefined)
  })

  it('takes fields below by name there, and refuses what has another', () => {
    expect(found(field(2, 'x'), [{ name: 'y' }, { name: 'x' }], { below: true })).toBe(1)
    expect(() => found(field(2, 'z'), [{ name: 'y' }], { below: true })).toThrow(
      'a file without field ids holds y where the table has z',
    )
  })
})

describe('by name', () => {
  it('takes the very name first, then one that differs in case', () => {
    const columns = [{ name: 'A' }, { name: 'a' }, { name: 'B' }]
    expect(found(field(1, 'a'), columns, { columnMatching: BY_NAME })).toBe(1)
    expect(found(field(2, 'b'), columns, { columnMatching: BY_NAME })).toBe(2)
    expect(found(field(3, 'c'), columns, { columnMatching: BY_NAME })).toBe(undefined)
  })

  it('refuses several that differ in case alone', () => {
    const columns = [{ name: 'Aa' }, { name: 'aA' }]
    expect(() => found(field(1, 'aa'), columns, { columnMatching: BY_NAME })).toThrow('Aa, aA')
  })

  it('takes physical names, and those of files without ids of a table that goes by id elsewhere', () => {
    const columns = [{ name: 'col-1', fieldId: 7 }]
    const byId = { columnMatching: { by: 'id', withoutIds: 'name' } as ColumnMatching }
    expect(found(field(1, 'a', 'col-1'), columns, { columnMatching: BY_NAME })).toBe(0)
    expect(found(field(1, 'a', 'col-1'), columns, byId)).toBe(undefined)
    expect(found(field(7, 'a', 'other'), columns, byId)).toBe(0)
    expect(found(field(1, 'a', 'col-1'), [{ name: 'col-1' }], byId)).toBe(0)
  })

  it('goes by what a file is known to call its columns', () => {
    const names = new Map([
      [1, 'old'],
      [2, null],
    ])
    const columns = [{ name: 'old' }, { name: 'b' }]
    const file = { columns, hasFieldIds: false }
    const find = columnFinder({ columnMatching: BY_NAME }, file, names)
    expect(
      [field(1, 'now'), field(2, 'b'), field(3, 'b')].map(each => find(each, columns)),
    ).toEqual([0, undefined, 1])
  })
})

describe('mappedNames', () => {
  it('lists nested names by id', () => {
    expect([...mappedNames(MAPPING)]).toEqual([
      [1, ['a']],
      [2, ['b', 'renamed']],
      [3, ['x']],
    ])
  })

  it.each(['{', '{}', 'null'])('refuses %s', text => {
    expect(() => mappedNames(text)).toThrow('is not a JSON list of fields')
  })
})
