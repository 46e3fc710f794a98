import { isTableError, type TableMetadata } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { type Capabilities, parseCapabilities } from '../../src/capabilities/capabilities.js'
import { negotiate } from '../../src/capabilities/negotiate.js'
import { deltaTable, field, otherTable } from '../support/tables.js'

const OFFICIAL = 'responseformat=delta;readerfeatures=deletionvectors,columnmapping,timestampntz'
const PYTHON = 'Delta-Sharing-Python/1.4.2'
const SPARK = 'Delta-Sharing-Spark/1.3.2'

const asked = (header: string, userAgent?: string) => parseCapabilities(header, userAgent)

/** What a refusal may say that works, and who asks that does as it says. */
const ADVICE: readonly (readonly [
  RegExp,
  (said: RegExpExecArray, before: Capabilities) => { asks: Capabilities; canRewrite?: boolean },
])[] = [
  [/use_delta_format=True in Python/, () => ({ asks: asked(OFFICIAL, PYTHON) })],
  [
    /in Python only where the provider has staging/,
    () => ({ asks: asked(OFFICIAL, PYTHON), canRewrite: true }),
  ],
  [/responseFormat=delta in Spark|read it with Spark/, () => ({ asks: asked(OFFICIAL, SPARK) })],
  [/"delta-sharing-capabilities: ([^"]+)"/, ([, header]) => ({ asks: asked(header!) })],
  [/ask in parquet format/, (_, before) => ({ asks: { ...before, formats: ['parquet'] } })],
  [/have the provider configure staging$/, (_, before) => ({ asks: before, canRewrite: true })],
]

const FEATURES = ['deletionVectors', 'columnMapping', 'typeWidening', 'initialDefaults']

function subsets<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: 2 ** items.length }, (_, bits) =>
    items.filter((_, i) => (bits >> i) % 2 === 1),
  )
}

const COLUMNS = [
  field(2, 'moment', 'timestamp'),
  field(3, 'any', { kind: 'opaque', name: 'variant' }),
  field(4, 'key', 'uuid'),
]

const TABLES: readonly TableMetadata[] = subsets(COLUMNS).flatMap(columns =>
  subsets(FEATURES).flatMap(features => {
    const { featuresInUse: _, ...delta } = deltaTable({
      fields: [field(1, 'id', 'long'), ...columns],
    })
    return [delta, otherTable('iceberg', delta)].map(table => ({
      ...table,
      features: new Set(features),
    }))
  }),
)

const CLIENTS: readonly (readonly [string, Capabilities])[] = [
  ['pandas', asked('responseformat=parquet', PYTHON)],
  ['pandas in delta format', asked(OFFICIAL, PYTHON)],
  ['Spark', asked('responseformat=parquet', SPARK)],
  ['Spark in delta format', asked(OFFICIAL, SPARK)],
  ['nobody known', asked('')],
  ...['', 'deletionvectors', 'columnmapping', 'timestampntz', 'varianttype,typewidening'].map(
    features =>
      [`delta with ${features}`, asked(`responseformat=delta;readerfeatures=${features}`)] as const,
  ),
]

function refusalOf(
  table: TableMetadata,
  asks: Capabilities,
  canRewrite: boolean,
): string | undefined {
  try {
    negotiate(asks, table, { canRewrite })
    return undefined
  } catch (error) {
    if (isTableError(error)) return error.message
    throw error
  }
}

describe.each(CLIENTS)('what %s is refused', (_, before) => {
  it.each([false, true])('names only what works for the whole table, staging: %s', canRewrite => {
    let refused = 0
    for (const table of TABLES) {
      const message = refusalOf(table, before, canRewrite)
      if (message === undefined) continue
      refused++
      for (const [pattern, follow] of ADVICE) {
        const said = pattern.exec(message)
        if (said === null) continue
        const next = follow(said, before)
        const again = refusalOf(table, next.asks, next.canRewrite ?? canRewrite)
        expect({ message, pattern: String(pattern), again }).toMatchObject({ again: undefined })
      }
    }
    expect(refused).toBeGreaterThan(0)
  })
})

it.each([
  ['time', 'time'],
  ['time_ns', { kind: 'opaque', name: 'time_ns' }],
  ['interval', { kind: 'opaque', name: 'interval' }],
] as const)(
  'says that nothing works where no format can say %s, before anything that would lead there',
  (name, type) => {
    const table = otherTable(
      'parquet',
      deltaTable({ fields: [field(1, 'moment', 'timestamp'), field(2, 'clock', type)] }),
    )
    const message = refusalOf(table, asked(''), false)
    expect(message).toMatch(`column clock has type ${name}, which the Delta Sharing schema cannot`)
    expect(message).not.toMatch(/ask with|staging/)
  },
)
