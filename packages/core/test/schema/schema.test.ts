import { describe, expect, it } from 'vitest'
import { createSchema, type Field, leafOf, statsLeaves, typeName } from '../../src/index.js'

let nextId = 0
function field(name: string, type: Field['type'] = 'int'): Field {
  return { id: ++nextId, name, physicalName: name, type, nullable: true }
}

describe('createSchema', () => {
  const inner = field('b.c')
  const schema = createSchema([
    field('A'),
    field('a'),
    field('Only'),
    field('s', { kind: 'struct', fields: [inner] }),
  ])

  it.each([
    ['an exact name before one that differs in case', ['a'], 'a'],
    ['an unambiguous name in another case', ['ONLY'], 'Only'],
    ['a nested name whose part holds a dot', ['s', 'b.c'], 'b.c'],
  ])('finds %s', (_name, names, expected) => {
    expect(leafOf(schema.find(names)!).name).toBe(expected)
  })

  it.each([
    ['a missing name', ['x']],
    ['a name under a primitive', ['a', 'b']],
    ['no name at all', []],
  ])('finds nothing for %s', (_name, names) => {
    expect(schema.find(names)).toBeUndefined()
  })

  it('refuses to guess between names that differ in case alone', () => {
    expect(createSchema([field('x1'), field('X1')]).find(['X1'])).toBeDefined()
    expect(createSchema([field('xY'), field('Xy')]).find(['XY'])).toBeUndefined()
  })
})

describe('statsLeaves', () => {
  it('walks structs but neither lists nor maps', () => {
    const fields = [
      field('a'),
      field('s', {
        kind: 'struct',
        fields: [field('x'), field('l', { kind: 'list', element: field('e') })],
      }),
      field('m', { kind: 'map', key: field('k'), value: field('v') }),
    ]
    expect([...statsLeaves(fields)].map(path => path.map(part => part.name))).toEqual([
      ['a'],
      ['s', 'x'],
    ])
  })
})

describe('typeName', () => {
  it.each([
    [{ kind: 'decimal', precision: 10, scale: 2 } as const, 'decimal(10,2)'],
    [{ kind: 'fixed', length: 16 } as const, 'fixed(16)'],
    [{ kind: 'opaque', name: 'variant' } as const, 'variant'],
    ['timestamptz' as const, 'timestamptz'],
  ])('spells %o', (type, expected) => {
    expect(typeName(type)).toBe(expected)
  })
})
