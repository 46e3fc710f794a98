import { describe, expect, it } from 'vitest'
import { formatFacts } from '../../src/snapshot/format-facts.js'

const facts = (
  configuration: Readonly<Record<string, string>>,
  {
    features = [] as readonly string[],
    document = '{}',
    columnMappingMode = 'none' as 'none' | 'name' | 'id',
  } = {},
) =>
  formatFacts(
    { configuration: new Map(Object.entries(configuration)), document, columnMappingMode },
    '{}',
    new Set(features),
  )

describe('facts about a Delta table', () => {
  it.each([
    ['none', { by: 'name' }],
    ['name', { by: 'name' }],
    ['id', { by: 'id', withoutIds: 'name' }],
  ] as const)('say how columns are found where the mode that counts is %s', (mode, expected) => {
    // The property alone says nothing: it may be there in a table whose protocol does not allow it.
    for (const property of ['id', 'ID', 'name', undefined]) {
      const configuration = property === undefined ? {} : { 'delta.columnMapping.mode': property }
      expect(facts(configuration, { columnMappingMode: mode }).columnMatching).toEqual(expected)
    }
  })

  it.each([
    [{}, 'none'],
    [{ 'delta.enableChangeDataFeed': 'false' }, 'none'],
    [{ 'delta.enableChangeDataFeed': 'TRUE' }, 'recorded'],
  ] as const)('say of %j that its change feed is %s', (configuration, expected) => {
    expect(facts(configuration).changeFeed).toBe(expected)
  })

  it.each<[string, Parameters<typeof facts>[0], Parameters<typeof facts>[1], string[]]>([
    ['vectors that are switched off', {}, { features: ['deletionVectors'] }, []],
    [
      'vectors that are switched on and that no file has',
      { 'delta.enableDeletionVectors': 'True' },
      {},
      ['deletionVectors'],
    ],
    ['mapping that is switched off', {}, { features: ['columnMapping'] }, []],
    [
      'mapping',
      { 'delta.columnMapping.mode': 'Name' },
      { features: ['columnMapping'] },
      ['columnMapping'],
    ],
    ['widening that no column had', {}, { features: ['typeWidening'] }, []],
    [
      'widening',
      {},
      { features: ['typeWidening'], document: '{"delta.typeChanges":[]}' },
      ['typeWidening'],
    ],
    ['what types say by themselves', {}, { features: ['timestampNtz', 'variantType'] }, []],
    ['what it does not know', {}, { features: ['anything'] }, ['anything']],
  ])('tell whether a table uses %s', (_, configuration, options, expected) => {
    expect([...facts(configuration, options).featuresInUse!]).toEqual(expected)
  })
})
