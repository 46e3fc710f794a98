import { DEFAULT_BUDGETS, type Field, type Steps } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { readLists } from '../src/metadata/document-lists.js'
import { parseMetadata } from '../src/metadata/metadata.js'
import { tableFeaturesInSteps, withEarlierTypesInSteps } from '../src/schema/features.js'
import { withPhysicalNamesInSteps } from '../src/schema/physical-names.js'
import { columnCount, everyField, fieldsById, parseFields } from '../src/schema/schema.js'
import { asSeen } from '../src/snapshot/open-snapshot.js'

const COLUMNS = 30_000
const documentOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: i + 3, name: `c${i}`, type: 'long' }))
const column = (id: number, type: Field['type'] = 'long'): Field => ({
  id,
  name: `c${id}`,
  physicalName: `c${id}`,
  type,
  nullable: true,
})
const many = Array.from({ length: COLUMNS }, (_, i) => column(i + 3))
/** A struct of very many is no less than very many columns. */
const nested = [column(1, { kind: 'struct', fields: many })]

function stepsOf<T>(work: Steps<T>): { readonly steps: number; readonly value: T } {
  for (let steps = 0; ; steps++) {
    const { done, value } = work.next()
    if (done) return { steps, value }
  }
}

describe.each([
  ['at the top', many],
  ['in a struct', nested],
])('very many columns %s are looked at in steps', (_, fields) => {
  const schemas = new Map([
    [0, [column(COLUMNS, 'int')]],
    [1, fields],
  ])
  const history = { schemas, isHistoryWhole: true, properties: new Map<string, string>() }

  it('for their ids', () => {
    const { steps, value } = stepsOf(fieldsById(fields))
    expect(steps).toBeGreaterThan(10)
    expect(value.get(COLUMNS)?.name).toBe(`c${COLUMNS}`)
  })

  it('for their earlier types', () => {
    const { steps, value } = stepsOf(withEarlierTypesInSteps(fields, schemas))
    expect(steps).toBeGreaterThan(20)
    const all = [...everyField(value, undefined, () => undefined)].map(([field]) => field)
    const widened = all.filter(({ earlierTypes }) => earlierTypes !== undefined)
    expect(widened.map(({ id, earlierTypes }) => [id, earlierTypes])).toEqual([[COLUMNS, ['int']]])
  })

  it('for their names in files', () => {
    const { steps, value } = stepsOf(withPhysicalNamesInSteps(fields, history))
    expect(steps).toBeGreaterThan(30)
    expect(value).toEqual(fields)
  })

  it('for the features of their table', () => {
    const { steps, value } = stepsOf(tableFeaturesInSteps(history, fields, []))
    expect(steps).toBeGreaterThan(10)
    expect(value.has('typeWidening')).toBe(true)
  })
})

it('a schema of very many columns is counted and read in steps', () => {
  const documents = documentOf(COLUMNS)
  expect(stepsOf(columnCount(documents))).toMatchObject({ value: COLUMNS })
  expect(stepsOf(columnCount(documents)).steps).toBeGreaterThan(20)
  const { steps, value } = stepsOf(parseFields(documents))
  expect(steps).toBeGreaterThan(20)
  expect(value.length).toBe(COLUMNS)
})

it('a name mapping of very many columns is read in steps', () => {
  const named = documentOf(COLUMNS).map(({ id, name }) => ({ 'field-id': id, names: [name] }))
  const properties = new Map([['schema.name-mapping.default', JSON.stringify(named)]])
  const history = { schemas: new Map(), isHistoryWhole: true, properties }
  const { steps } = stepsOf(withPhysicalNamesInSteps([column(3)], history))
  expect(steps).toBeGreaterThan(20)
})

describe('metadata of very many', () => {
  const file = { path: 'v1.metadata.json', meta: { path: '', size: 0, lastModified: 0 } }
  const parsed = (more: object) => {
    const schema = { type: 'struct', 'schema-id': 0, fields: [] }
    const document = {
      'format-version': 2,
      location: 's3://b/t',
      'current-schema-id': 0,
      schemas: [schema],
      'partition-specs': [{ 'spec-id': 0, fields: [] }],
      ...more,
    }
    return parseMetadata(new TextEncoder().encode(JSON.stringify(document)), file)
  }
  const many = <T>(count: number, item: (i: number) => T) =>
    Array.from({ length: count }, (_, i) => item(i))
  const field = { name: 'p', 'source-id': 1, 'field-id': 1000, transform: 'identity' }

  it.each([
    ['schemas', { schemas: many(60_000, i => ({ 'schema-id': i, fields: [] })) }],
    ['specs', { 'partition-specs': many(60_000, i => ({ 'spec-id': i, fields: [field] })) }],
    [
      'fields of a spec',
      { 'partition-specs': [{ 'spec-id': 0, fields: many(30_000, () => field) }] },
    ],
    [
      'refs',
      { refs: { members: many(60_000, i => [`r${i}`, { type: 'tag', 'snapshot-id': 1 }]) } },
    ],
  ])('%s is checked in steps', (_, document) => {
    const work = readLists(document as never, file.path, DEFAULT_BUDGETS)
    expect(stepsOf(work).steps).toBeGreaterThan(20)
  })

  it('schemas and specs is looked at in steps', async () => {
    const metadata = await parsed({
      schemas: many(20_000, i => ({ 'schema-id': i, fields: [] })),
      'partition-specs': many(20_000, i => ({ 'spec-id': i, fields: [field] })),
    })
    expect(metadata.specs.get(19_999)?.fields[0]?.sourceIds).toEqual([1])
    const { steps, value } = stepsOf(asSeen(metadata, [], []))
    expect(steps).toBeGreaterThan(50)
    expect(value.layouts.size).toBe(20_000)
  })

  it('manifests of a snapshot is read, and all of them are looked at', async () => {
    const snapshot = { 'snapshot-id': 1, 'timestamp-ms': 1 }
    const manifests: unknown[] = many(60_000, i => `m${i}.avro`)
    const { snapshots } = await parsed({ snapshots: [{ ...snapshot, manifests }] })
    expect(snapshots.get(1n)?.manifests?.length).toBe(60_000)
    manifests[59_999] = 7
    await expect(parsed({ snapshots: [{ ...snapshot, manifests }] })).rejects.toThrow(
      'snapshots.0.manifests.59999: Invalid input: expected string, received number',
    )
  })

  it.each([
    [{ schemas: 'x' }, 'schemas: Invalid input: expected array, received string'],
    [{ schemas: [{}] }, 'schemas.0.fields: Invalid input: expected array, received undefined'],
    [
      { 'partition-specs': [7] },
      'partition-specs.0: Invalid input: expected object, received number',
    ],
    [
      { 'partition-specs': [{ 'spec-id': 0, fields: [{ ...field, 'source-ids': ['x'] }] }] },
      'partition-specs.0.fields.0.source-ids.0: Invalid input: expected number, received string',
    ],
    [
      { 'partition-specs': [{ 'spec-id': 0, fields: many(40_000, () => field) }] },
      'a partition spec of 40000 fields: at most 32768 are read',
    ],
    [
      {
        'partition-specs': [
          { 'spec-id': 0, fields: [{ ...field, 'source-ids': many(40_000, () => 1) }] },
        ],
      },
      'a partition field of 40000 source columns: at most 32768 are read',
    ],
  ])('that are wrong are refused', async (more, message) => {
    await expect(parsed(more)).rejects.toThrow(message)
  })
})

it.each([
  ['at the top', many],
  ['in a struct', nested],
])('a table of very many columns %s is opened in steps', (_, fields) => {
  const schemas = new Map([[0, fields]])
  const metadata = { schemas, currentSchemaId: 0, specs: new Map(), isHistoryWhole: true }
  const { steps, value } = stepsOf(asSeen({ ...metadata, properties: new Map() }, fields, []))
  expect(steps).toBeGreaterThan(100)
  expect([value.leaves.size, value.bounded.length]).toEqual([COLUMNS, COLUMNS])
})
