import { readFileSync } from 'node:fs'
import {
  type AnswerFile,
  type ClientCapabilities,
  createSharingClient,
  DEFAULT_CAPABILITIES,
  isTableError,
  PLAIN_FILES,
  type SharingClient,
} from '@spillway/client'
import { spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GoldenShare, goldenShare, goldenTables } from './golden-share.js'

// What a program sees of files without asking which format they were answered in, over tables of real writers.

let share: GoldenShare
let client: SharingClient
beforeAll(async () => {
  share = await goldenShare()
  client = createSharingClient(share.profile)
})
afterAll(() => share.close())

const { tables: catalogue } = JSON.parse(
  readFileSync(new URL('../fixtures/delta/catalogue.json', import.meta.url), 'utf8'),
) as {
  readonly tables: readonly {
    readonly name: string
    readonly count: number
    readonly partitionColumns: readonly string[]
  }[]
}

async function filesOf(
  table: string,
  capabilities: ClientCapabilities,
): Promise<readonly AnswerFile[] | string> {
  const files: AnswerFile[] = []
  try {
    const answer = await client.query({ share: 'golden', schema: 'all', table }, { capabilities })
    for await (const file of answer.files()) files.push(file)
    return files
  } catch (error) {
    if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return error.message
    throw error
  }
}

const PARQUET: ClientCapabilities = { formats: ['parquet'] }

describe('the files of every golden Delta table', () => {
  it.each(spreadOf(catalogue, 12))(
    'of $name count its rows, in each format',
    async ({ name, ...known }) => {
      for (const capabilities of [DEFAULT_CAPABILITIES, PLAIN_FILES, PARQUET]) {
        const files = await filesOf(name, capabilities)
        if (typeof files === 'string') continue
        for (const file of files) {
          expect(Object.keys(file.partitionValues)).toEqual(known.partitionColumns)
          expect(file.size).toBeGreaterThan(0)
        }
        const counts = files.map(({ rowCount }) => rowCount)
        if (!counts.includes(undefined))
          expect(counts.reduce<number>((sum, count) => sum + count!, 0)).toBe(known.count)
      }
    },
  )

  it('say partition values alike in both formats, under mapped names too', async () => {
    let compared = 0
    for (const { name, partitionColumns } of catalogue) {
      if (partitionColumns.length === 0) continue
      const [delta, parquet] = await Promise.all([
        filesOf(name, { ...DEFAULT_CAPABILITIES, formats: ['delta'] }),
        filesOf(name, PARQUET),
      ])
      if (typeof delta === 'string' || typeof parquet === 'string') continue
      const texts = (files: readonly AnswerFile[]) =>
        [...new Set(files.map(file => JSON.stringify(file.partitionValues)))].sort()
      expect(texts(delta), name).toEqual(texts(parquet))
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  })
})

describe('PLAIN_FILES', () => {
  it('gets no file that is not whole, of any format', async () => {
    const tables = spreadOf(goldenTables, 20)
    let answered = 0
    for (const { name } of tables) {
      const files = await filesOf(name, PLAIN_FILES)
      if (typeof files === 'string') continue
      expect(files.filter(file => file.deletionVector !== undefined)).toEqual([])
      answered++
    }
    expect(answered).toBeGreaterThan(tables.length * 0.8)
  })
})
