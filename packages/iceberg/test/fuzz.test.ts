import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isTableError, type ObjectStore, type TableSource } from '@spillway/core'
import { readAvroFile } from '@spillway/encoding'
import { type MemoryStore, memoryStore } from '@spillway/storage'
import { keepingCache, Random } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergReader } from '../src/index.js'
import { filesOf } from './support/small-table.js'

const fixtures = fileURLToPath(new URL('../../../test/fixtures/iceberg/', import.meta.url))
const { tables } = JSON.parse(readFileSync(`${fixtures}catalogue.json`, 'utf8')) as {
  readonly tables: readonly {
    readonly name: string
    readonly rebase: readonly { readonly from: string }[]
  }[]
}

const seed = Number(process.env.SPILLWAY_FUZZ_SEED ?? Date.now() % 2 ** 31)
const seconds = Number(process.env.SPILLWAY_FUZZ_SECONDS ?? 0.2)

/** What damaged metadata may end in. Damage may also say another thing that is as whole as the truth. */
const REFUSALS = ['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE', 'INVALID_REQUEST', 'NOT_FOUND']
const MAX_MILLIS = 5000

interface Metadata {
  readonly source: TableSource
  readonly store: MemoryStore
  readonly paths: readonly string[]
}

/** The metadata of a table that other people's writers wrote, in memory. */
async function load(name: string, from: string): Promise<Metadata> {
  const location = `s3://golden/${name}`
  const store = memoryStore()
  const paths: string[] = []
  for (const file of readdirSync(`${fixtures}${name}/metadata`)) {
    const path = `${location}/metadata/${file}`
    // A Buffer's slices are no copies.
    await store.put(path, new Uint8Array(readFileSync(`${fixtures}${name}/metadata/${file}`)))
    if (/\.(avro|json)$/.test(file)) paths.push(path)
  }
  return { source: { location, rebase: [{ from, to: location }] }, store, paths }
}

/** Live files, or the code of the refusal. */
async function read(source: TableSource, store: ObjectStore): Promise<number | string> {
  try {
    const reader = icebergReader({ store, cache: keepingCache() })
    const snapshot = await reader.snapshot(source)
    const files = await filesOf(snapshot)
    for (const { bounds } of files) expect(bounds).toBeDefined()
    return files.length
  } catch (error) {
    if (isTableError(error)) return error.code
    throw error
  }
}

/** Some bits changed, a part cut out or repeated, or the end gone: often where a block ends, where a cut looks whole. */
function damaged(bytes: Uint8Array, ends: readonly number[], random: Random): Uint8Array {
  const at = random.integer(0, bytes.length - 1)
  const to = Math.min(bytes.length, at + random.integer(1, 64))
  switch (random.integer(0, 4)) {
    case 0:
      return bytes.slice(0, random.chance(0.7) && ends.length > 0 ? random.pick(ends) : at)
    case 1:
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(to)])
    case 2:
      return Uint8Array.from([...bytes.slice(0, to), ...bytes.slice(at)])
    default: {
      const copy = bytes.slice()
      for (let i = random.integer(1, 3); i > 0; i--) {
        copy[random.integer(0, copy.length - 1)]! ^= 1 << random.integer(0, 7)
      }
      return copy
    }
  }
}

/** Where the blocks of an Avro file end, the header's end included. */
function blockEnds(bytes: Uint8Array, path: string): readonly number[] {
  if (!path.endsWith('.avro')) return []
  return readAvroFile(bytes, path).blocks.flatMap(({ start, end }) => [start, end + 16])
}

describe(`damaged metadata (SPILLWAY_FUZZ_SEED=${seed}, SPILLWAY_FUZZ_SECONDS=${seconds})`, () => {
  it.each(tables.map(({ name, rebase }) => [name, rebase[0]!.from] as const))(
    'of %s is refused, or loses no file',
    async (name, from) => {
      const { source, store, paths } = await load(name, from)
      const whole = (await read(source, store)) as number
      const random = new Random(seed)
      const until = Date.now() + seconds * 1000
      for (let round = 0; round === 0 || Date.now() < until; round++) {
        const path = random.pick(paths)
        const bytes = (await store.get(path))!.bytes
        await store.put(path, damaged(bytes, blockEnds(bytes, path), random))
        const start = Date.now()
        const found = await read(source, store).catch(error => {
          throw new Error(`round ${round}, ${path}`, { cause: error })
        })
        await store.put(path, bytes)
        const what = `round ${round}, ${path}: ${found}`
        expect(Date.now() - start, what).toBeLessThan(MAX_MILLIS)
        // Other metadata files and their pointers may name another snapshot.
        if (typeof found === 'string') expect(REFUSALS, what).toContain(found)
        else if (path.endsWith('.avro')) expect(found, what).toBeGreaterThanOrEqual(whole)
      }
    },
    (seconds + 60) * 1000,
  )
})
