import {
  atOnce,
  byFieldId,
  columnFinder,
  type Field,
  type ParquetShape,
  type ShapeNode,
} from '@spillway/core'
import { formatFacts, quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { droppedColumn, type FitOptions, misfitOf as misfitInSteps } from '../../src/fitting/fit.js'

const misfitOf = (...given: Parameters<typeof misfitInSteps>) => atOnce(misfitInSteps(...given))

const field = (id: number, name: string, type: Field['type'] = 'int'): Field => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const leaf = (name: string, fieldId?: number, type: Field['type'] = 'int'): ShapeNode => ({
  name,
  kind: 'leaf',
  type,
  children: [],
  ...(fieldId !== undefined && { fieldId }),
})
const group = (
  name: string,
  kind: 'struct' | 'list' | 'map',
  children: readonly ShapeNode[],
  fieldId?: number,
): ShapeNode => ({ name, kind, children, ...(fieldId !== undefined && { fieldId }) })

const shapeOf = (columns: readonly ShapeNode[]): ParquetShape => {
  const hasId = (node: ShapeNode): boolean =>
    node.fieldId !== undefined || node.children.some(hasId)
  return { columns, hasFieldIds: columns.some(hasId) }
}

const PANDAS = { showsExtras: true, prefersOwn: true }

const LOOKUP: FitOptions['lookup'] = {
  by: 'name',
  fallbacks: ['never'],
  showsExtras: false,
  changesMaps: true,
  annotations: new Set(['int8']),
  fromPartitions: new Set(),
  prefersOwn: false,
}
const MAPPING = JSON.stringify([
  { 'field-id': 1, names: ['a'] },
  { 'field-id': 2, names: ['b', 'renamed'] },
])
const iceberg = (mapping?: string) =>
  formatFacts(
    'iceberg',
    new Map(mapping === undefined ? [] : [['schema.name-mapping.default', mapping]]),
  )

function misfit(
  fields: readonly Field[],
  columns: readonly ShapeNode[],
  options: Partial<FitOptions> & { readonly mapping?: string } = {},
) {
  const shape = shapeOf(columns)
  const find = columnFinder(iceberg(options.mapping), shape)
  const isConstant = () => false
  return misfitOf(shape, { fields, find, lookup: LOOKUP, widens: false, isConstant, ...options })
}

describe('a column that recipients take from partition values', () => {
  const fields = [field(1, 'a'), field(2, 'p')]
  // Hudi's source files of a bootstrap: what they hold in place of the folder's value does not count.
  const hidden = (each: Field) => (each.id === 2 ? undefined : 0)

  it.each([
    ['is shown from the file by who prefers it', true, [leaf('a'), leaf('p')], 'p is in it, where'],
    ['is not looked for by others', false, [leaf('a'), leaf('p')], undefined],
    ['need not be there', true, [leaf('a')], undefined],
  ])('%s', (_, prefersOwn, columns, expected) => {
    const lookup = { ...LOOKUP, fromPartitions: new Set([2]), prefersOwn }
    const found = misfit(fields, columns, { find: hidden, lookup })
    const said = found && `${found.column} ${found.reason}`
    expect(said?.slice(0, expected?.length)).toBe(expected)
  })
})

const byId = (fallback: 'each' | 'file' | 'never') => ({
  lookup: { ...LOOKUP, by: 'id' as const, fallbacks: [fallback] },
})

describe('by name', () => {
  const fields = [field(1, 'a'), field(2, 'b')]

  it.each<[string, readonly ShapeNode[], string | undefined]>([
    ['the table’s own columns', [leaf('a', 1), leaf('b', 2)], undefined],
    ['other columns beside them', [leaf('x', 9), leaf('a', 1), leaf('b', 2)], undefined],
    ['a column that was added later', [leaf('a', 1)], undefined],
    ['another name', [leaf('a', 1), leaf('old', 2)], 'b is called "old" in it'],
    ['the name of a dropped column', [leaf('a', 1), leaf('b', 9)], 'b is not in it, but another'],
    ['names that were exchanged', [leaf('b', 1), leaf('a', 2)], 'a is called "b" in it, where'],
    ['another case', [leaf('A', 1), leaf('b', 2)], 'a is spelled in another case'],
    ['the same name in two cases', [leaf('a', 1), leaf('A', 7), leaf('b', 2)], 'a is spelled'],
    ['a wider type', [leaf('a', 1, 'long'), leaf('b', 2)], 'a is long in it, and int'],
  ])('%s', (_, columns, expected) => {
    const found = misfit(fields, columns)
    const text = found && `${found.column} ${found.reason}`
    expect(expected === undefined ? text : text?.slice(0, expected.length)).toBe(expected)
  })

  it('a column that the metadata knows and the file has not', () => {
    const found = misfit(fields, [leaf('a', 1)], { isConstant: ({ id }) => id === 2 })
    expect(found).toMatchObject({ kind: 'partition', column: 'b' })
    const declared = { ...LOOKUP, fromPartitions: new Set([2]) }
    expect(misfit(fields, [leaf('a', 1)], { lookup: declared, isConstant: () => true })).toBe(
      undefined,
    )
  })

  it('a column with a default that the file was written before', () => {
    const withDefault = [field(1, 'a'), { ...field(2, 'b'), initialDefault: 7 }]
    expect(misfit(withDefault, [leaf('a', 1)])).toMatchObject({ kind: 'default', column: 'b' })
    expect(misfit(withDefault, [leaf('a', 1), leaf('b', 2)])).toBe(undefined)
  })

  it('a narrower type fits whoever widens it', () => {
    const long = [{ ...field(1, 'a', 'long'), earlierTypes: ['int' as const] }]
    expect(misfit(long, [leaf('a', 1)])).toMatchObject({ kind: 'type' })
    expect(misfit(long, [leaf('a', 1)], { widens: true })).toBe(undefined)
  })

  it('takes the null type for every type, where the recipient reads it', () => {
    const nothing: ShapeNode = {
      ...leaf('a', 1),
      type: { kind: 'opaque', name: 'void' },
      annotation: 'null',
    }
    const reads = { lookup: { ...LOOKUP, annotations: new Set(['null']) } }
    const struct = { kind: 'struct', fields: [field(2, 'b')] } as const
    for (const type of ['string', 'int', struct] as const) {
      const fields = [{ ...field(1, 'a'), type }]
      expect(misfit(fields, [nothing], reads)).toBeUndefined()
      expect(misfit(fields, [nothing])).toMatchObject({ kind: 'type', column: 'a' })
    }
  })

  it('a type that the wire cannot say fits whoever reads it as what it says', () => {
    const small = (annotation: string) => [{ ...leaf('a', 1), annotation }]
    expect(misfit([field(1, 'a')], small('int8'))).toBe(undefined)
    expect(misfit([field(1, 'a')], small('uint8'))).toMatchObject({ kind: 'type', column: 'a' })
  })

  it('through structs, lists and maps', () => {
    const struct = (...fields: readonly Field[]) => ({ kind: 'struct' as const, fields })
    const deep = field(1, 's', {
      kind: 'list',
      element: field(2, 'element', {
        kind: 'map',
        key: field(3, 'key', 'string'),
        value: field(4, 'value', struct(field(5, 'x'), field(6, 'y z'))),
      }),
    })
    const file = (x: string, z: string) => [
      group(
        's',
        'list',
        [
          group('array', 'map', [
            leaf('key', 3, 'string'),
            group('value', 'struct', [leaf(x, 5), leaf(z, 6)], 4),
          ]),
        ],
        1,
      ),
    ]
    expect(misfit([deep], file('x', 'y z'))).toBe(undefined)
    expect(misfit([deep], file('x', 'y_x20z'))).toMatchObject({ column: 's.element.value.y z' })
    expect(misfit([deep], file('x', 'y_x20z'), byId('never'))).toBe(undefined)
  })

  it('a struct with a dropped field is shown by whoever goes by the file', () => {
    const table = [field(1, 's', { kind: 'struct', fields: [field(2, 'x')] })]
    const file = [group('s', 'struct', [leaf('x', 2), leaf('secret', 3)], 1)]
    expect(misfit(table, file)).toBe(undefined)
    const shown = { lookup: { ...LOOKUP, showsExtras: true } }
    expect(misfit(table, file, shown)).toMatchObject({ kind: 'extra', column: 's.secret' })
  })

  describe('maps, for a reader that cannot change what is below one that may be null', () => {
    const struct = { kind: 'struct' as const, fields: [field(4, 'x'), field(5, 'y', 'long')] }
    const key = field(2, 'key', 'string')
    const table = [field(1, 'm', { kind: 'map', key, value: field(3, 'value', struct) })]
    const x = leaf('x', 4)
    const y = leaf('y', 5, 'long')
    const file = (...fields: readonly ShapeNode[]) =>
      group('m', 'map', [leaf('key', 2, 'string'), group('value', 'struct', fields, 3)], 1)
    const lookup = { lookup: { ...LOOKUP, changesMaps: false } }

    it.each<[string, readonly ShapeNode[], string | undefined]>([
      ['the table’s own fields', [x, y], undefined],
      ['a field between them', [x, leaf('z', 9), y], undefined],
      ['another order', [y, x], 'order'],
      ['a field that was added later', [x], 'order'],
      ['a narrower integer', [{ ...x, annotation: 'int8' }, y], 'type'],
    ])('%s', (_, fields, kind) => {
      expect(misfit(table, [file(...fields)], lookup)?.kind).toBe(kind)
      expect(misfit(table, [file(...fields)])).toBe(undefined)
      const certain = { ...file(...fields), neverNull: true as const }
      expect(misfit(table, [certain], lookup)).toBe(undefined)
    })

    it('takes elements of lists in their own type alone', () => {
      const element = { ...field(2, 'element', 'long'), earlierTypes: ['int' as const] }
      const list = [field(1, 'l', { kind: 'list', element })]
      const narrow = [group('l', 'list', [leaf('element', 2)], 1)]
      expect(misfit(list, narrow, { widens: true })).toBe(undefined)
      expect(misfit(list, narrow, { widens: true, ...lookup })).toMatchObject({ kind: 'type' })
    })
  })

  it('a struct none of whose fields is there would be taken for null', () => {
    const table = [field(1, 's', { kind: 'struct', fields: [field(3, 'y')] })]
    expect(misfit(table, [group('s', 'struct', [leaf('x', 2)], 1)])).toMatchObject({ column: 's' })
  })
})

describe('by id', () => {
  const fields = [field(1, 'a'), field(2, 'renamed')]
  const old = [field(1, 'a'), { ...field(2, 'renamed'), physicalName: 'b' }]

  it('other names fit', () => {
    expect(misfit(fields, [leaf('a', 1), leaf('old', 2)], byId('never'))).toBe(undefined)
  })

  it.each([
    ['never', 'a is called "a" in it'],
    ['file', undefined],
    ['each', undefined],
  ] as const)('a file without ids, read by who falls back %s', (fallback, expected) => {
    const found = misfit(old, [leaf('a'), leaf('b')], { ...byId(fallback), mapping: MAPPING })
    expect(found && `${found.column} ${found.reason}`).toBe(expected)
  })

  it('a column dropped and added again, under a name that the file has', () => {
    const again = [field(1, 'a'), field(3, 'b')]
    const file = [leaf('a', 1), leaf('b', 2)]
    expect(misfit(again, file, byId('never'))).toBe(undefined)
    expect(misfit(again, file, byId('file'))).toBe(undefined)
    expect(misfit(again, file, byId('each'))).toMatchObject({ column: 'b' })
    const unique = [field(1, 'a'), { ...field(3, 'b'), physicalName: 'b-3' }]
    expect(misfit(unique, file, byId('each'))).toBe(undefined)
  })

  it('whoever could be anybody must be right in every case', () => {
    const lookup = { ...LOOKUP, by: 'id' as const, fallbacks: ['each', 'file', 'never'] as const }
    const again = [field(1, 'a'), field(3, 'b')]
    expect(misfit(again, [leaf('a', 1), leaf('b', 2)], { lookup })).toMatchObject({ column: 'b' })
    expect(misfit(old, [leaf('a'), leaf('b')], { lookup, mapping: MAPPING })).toBeDefined()
  })

  it('without ids and a name mapping, columns go by position, as the reference has it', () => {
    const moved = [field(1, 'a'), field(2, 'c')]
    expect(misfit(moved, [leaf('a'), leaf('b')])).toMatchObject({ reason: 'is called "b" in it' })
    expect(misfit(moved, [leaf('a'), leaf('c')])).toBe(undefined)
  })
})

describe('dropped columns', () => {
  const dropped = (fields: readonly Field[], columns: readonly ShapeNode[]) => {
    const shape = shapeOf(columns)
    return droppedColumn(shape, { fields, find: columnFinder(iceberg(), shape) })?.column
  }

  it.each([
    [[leaf('a', 1)], undefined],
    [[leaf('a', 1), leaf('gone', 9)], 'gone'],
    [[group('s', 'struct', [leaf('x', 3)], 2)], undefined],
    [[group('s', 'struct', [leaf('x', 3), leaf('y', 4)], 2)], 's.y'],
  ])('%#', (columns, expected) => {
    const s = field(2, 's', { kind: 'struct', fields: [field(3, 'x')] })
    expect(dropped([field(1, 'a'), s], columns)).toBe(expected)
  })
})

/** What readers of each kind find, told apart from the code above: one value a column, its id in the file. */
describe('a file that fits is read alike', () => {
  const NAMES = ['a', 'b', 'A', 'c']
  const column = fc.record({
    name: fc.constantFrom(...NAMES),
    id: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  })
  const table = fc.uniqueArray(
    fc.record({ name: fc.constantFrom(...NAMES), id: fc.integer({ min: 1, max: 4 }) }),
    { selector: ({ id }) => id, maxLength: 3 },
  )
  const file = fc.uniqueArray(column, { selector: ({ name }) => name, maxLength: 4 })

  it('by every kind of reader', () => {
    fc.assert(
      fc.property(
        table,
        file,
        fc.constantFrom('name', 'each', 'file', 'never'),
        fc.constantFrom(MAPPING, undefined),
        (names, columns, kind, mapping) => {
          const fields = names.map(({ id, name }) => field(id, name))
          const nodes = columns.map(({ name, id }) => leaf(name, id))
          const options = kind === 'name' ? {} : byId(kind)
          const found = misfit(fields, nodes, { ...options, ...(mapping && { mapping }) })
          if (found !== undefined) return
          const shape = shapeOf(nodes)
          const own = columnFinder(iceberg(mapping), shape)
          for (const each of fields) {
            const want = own(each, nodes)
            const loose = nodes.findIndex(
              node => node.name.toLowerCase() === each.name.toLowerCase(),
            )
            const strict = nodes.findIndex(node => node.name === each.name)
            const id = nodes.findIndex(node => node.fieldId === each.id)
            const fallsBack = kind === 'each' || (kind === 'file' && !shape.hasFieldIds)
            const byName = kind === 'name' || (id < 0 && fallsBack)
            for (const at of byName ? [loose, strict] : [id]) {
              expect(at < 0 ? undefined : at).toBe(want)
            }
          }
        },
      ),
      { numRuns: quickOr(500, 2000) },
    )
  })
})

it('keeps an index of pandas from those who would show no column for it', () => {
  const fields = [field(1, 'a'), field(2, 'b')]
  const columns = [leaf('a'), { ...leaf('b'), isIndex: true as const }]
  expect(misfit(fields, columns)).toBeUndefined()
  const pandas = { lookup: { ...LOOKUP, ...PANDAS } }
  expect(misfit(fields, columns, pandas)).toMatchObject({ kind: 'name', column: 'b' })
  expect(misfit(fields.slice(0, 1), columns, pandas)).toBeUndefined()
})

it('keeps nested columns from Spark that it finds by id alone, or not at all', () => {
  const inner = field(2, 'f')
  const fields = [
    field(3, 'top'),
    { ...field(1, 's'), type: { kind: 'struct' as const, fields: [inner] } },
  ]
  const lookup = { ...LOOKUP, by: 'id' as const, namesBelow: true as const }
  const find = byFieldId
  const seen = (columns: readonly ShapeNode[]) => misfit(fields, columns, { lookup, find })
  const top = leaf('other', 3)
  expect(seen([top, group('s', 'struct', [leaf('f', 2)], 1)])).toBeUndefined()
  expect(seen([top, group('s', 'struct', [leaf('g', 2)], 1)])).toMatchObject({ column: 's.f' })
  expect(seen([top, group('s', 'struct', [leaf('g', 9)], 1)])).toMatchObject({ column: 's.f' })
  // Below a column that is found by its id alone, so is everything.
  expect(seen([top, group('x', 'struct', [leaf('g', 2)], 1)])).toBeUndefined()
  expect(seen([top, group('x', 'struct', [leaf('g', 9)], 1)])).toMatchObject({ column: 's.f' })
})

it('looks no column of a wide table up by going through all of them', () => {
  const count = 10_000
  let looks = 0
  const names = Array.from({ length: count }, (_, i) => `column_${i}`)
  const columns = names.map((name, i) => ({
    ...leaf(name, i + 1),
    get name() {
      looks++
      return name
    },
  }))
  expect(
    misfit(
      names.map((name, i) => field(i + 1, name)),
      columns,
    ),
  ).toBeUndefined()
  expect(looks).toBeLessThan(20 * count)
})
