import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deltaAdd, deltaMetadata, deltaProtocol, jsonLinesOf } from '@spillway/testkit'

const GOLDEN = fileURLToPath(new URL('../../fixtures/delta', import.meta.url))

/** Names of members that every object has, which no table, column or partition may be mistaken for. */
export const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'] as const

/** Files of the table `wide`: enough that pruning them takes time. */
const WIDE_FILES = 20_000

export interface LakeTable {
  readonly name: string
  readonly location: string
}

/** Tables that others wrote, one whose columns are named like members of objects, and one of many files. */
export async function writeLake(folder: string): Promise<readonly LakeTable[]> {
  const copied = {
    plain: 'plain',
    parts: 'partitioned-strings',
    feed: 'cdf',
    secret: 'partitioned-dates',
  }
  for (const [name, golden] of Object.entries(copied)) {
    cpSync(join(GOLDEN, golden), join(folder, 'lake', name), { recursive: true })
  }
  const columns = [...PROTOTYPE_NAMES, 'id'].map(name => ({ name, type: 'string' }))
  write(folder, 'odd', [
    deltaProtocol(),
    deltaMetadata({ fields: columns, partitionColumns: ['__proto__', 'constructor'] }),
    ...['a', 'b'].map(value =>
      deltaAdd(`${value}.parquet`, {
        partitionValues: JSON.parse(`{"__proto__":"${value}","constructor":"x"}`),
        stats: `{"numRecords":1,"minValues":{"toString":"${value}"},"maxValues":{"toString":"${value}"}}`,
      }),
    ),
  ])
  write(folder, 'wide', [
    deltaProtocol(),
    deltaMetadata({
      fields: [
        { name: 'id', type: 'long' },
        { name: 'name', type: 'string' },
      ],
    }),
    ...Array.from({ length: WIDE_FILES }, (_, i) =>
      deltaAdd(`part-${i}.parquet`, {
        stats: {
          numRecords: 10,
          minValues: { id: i * 10, name: `n${i}` },
          maxValues: { id: i * 10 + 9, name: `n${i}z` },
          nullCount: { id: 0, name: 0 },
        },
      }),
    ),
  ])
  const names = [...Object.keys(copied), 'odd', 'wide']
  return names.map(name => ({ name, location: join(folder, 'lake', name) }))
}

function write(folder: string, name: string, actions: readonly object[]): void {
  const log = join(folder, 'lake', name, '_delta_log')
  mkdirSync(log, { recursive: true })
  const text = jsonLinesOf(actions as readonly Readonly<Record<string, unknown>>[])
  writeFileSync(join(log, '00000000000000000000.json'), text)
}
