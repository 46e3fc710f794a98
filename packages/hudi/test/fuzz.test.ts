import { readFileSync } from 'node:fs'
import { isTableError } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { quickOr, Random, readTarGz } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { hudiReader } from '../src/index.js'
import { liveFiles, noCache, repository } from './support/real-tables.js'

/** A minute or more finds what a second does not: SPILLWAY_FUZZ_SECONDS=180 SPILLWAY_FUZZ_SEED=7 vitest run … */
const seconds = Number(process.env.SPILLWAY_FUZZ_SECONDS ?? quickOr(1, 4))
const seed = Number(process.env.SPILLWAY_FUZZ_SEED ?? 1)

const ROOT = 'memory:///t'
const TABLES = [
  'v6/mor_metadata_compacted',
  'v6/mor_rollback',
  'v6/cow_clustering_overwrite',
  'v8/mor_log_compaction',
  'v8/cow_archived',
  'v9/mor_metadata_compacted',
  'v9/mor_event_time',
  'v9/mor_log_only',
  'v9/mor_parquet_logs',
  'v9/cow_basic',
]

type Objects = ReadonlyMap<string, Uint8Array>
type Kind = 'hfile' | 'log' | 'timeline' | 'properties'

function kindOf(path: string): Kind | undefined {
  if (path.endsWith('.hfile')) return 'hfile'
  if (/\/\.[^/]*\.log\.\d+_[^/]*$/.test(`/${path}`)) return 'log'
  if (path.endsWith('hoodie.properties')) return 'properties'
  return /^\.hoodie\/(metadata\/\.hoodie\/)?(timeline\/)?(history\/)?[\d_]+\.[a-z.]+$/.test(path)
    ? 'timeline'
    : undefined
}

/** Everything that a reader can get out of the table: its slices, and what their logs make of them. */
async function readAll(objects: Objects): Promise<string> {
  const store = memoryStore({
    objects: [...objects].map(([path, bytes]) => [`${ROOT}/${path}`, bytes] as const),
  })
  const snapshot = await hudiReader({ store, cache: noCache }).snapshot({ location: ROOT })
  const lines: string[] = []
  for (const file of await liveFiles(snapshot)) {
    const logs = file.logFiles.map(log => log.path).sort()
    lines.push(`${file.path} ${logs.join(' ')}`)
    if (file.logFiles.length === 0) continue
    for await (const records of snapshot.mergedLogs!(file)) {
      for (const { recordKey, position, row } of records) {
        lines.push(`${recordKey} ${position} ${row === undefined ? '' : text(row)}`)
      }
    }
  }
  const fields = snapshot.schema.fields.slice(0, 2).map(field => [field] as const)
  for (const handle of snapshot.files.handles) {
    const { batch, live } = await handle.load()
    await batch.readStats(fields, live)
  }
  return lines.sort().join('\n')
}

const text = (value: unknown) =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each))

interface Damage {
  readonly name: string
  apply(bytes: Uint8Array, random: Random): Uint8Array
}

const DAMAGES: readonly Damage[] = [
  {
    name: 'flipped bits',
    apply(bytes, random) {
      const copy = bytes.slice()
      for (let i = random.integer(1, 4); i > 0 && copy.length > 0; i--) {
        copy[random.integer(0, copy.length - 1)]! ^= 1 << random.integer(0, 7)
      }
      return copy
    },
  },
  {
    name: 'cut',
    apply: (bytes, random) =>
      bytes.slice(0, random.chance(0.1) ? 0 : random.integer(0, bytes.length)),
  },
  {
    name: 'a number made huge or negative',
    apply(bytes, random) {
      if (bytes.length < 8) return bytes
      const copy = bytes.slice()
      const at = random.integer(0, copy.length - 8)
      const value = random.pick([-1, 0x7fffffff, -0x80000000, 0, 1 << 20])
      new DataView(copy.buffer).setInt32(at, value)
      return copy
    },
  },
  {
    name: 'a stretch of zeros',
    apply(bytes, random) {
      const copy = bytes.slice()
      const at = random.integer(0, copy.length)
      return copy.fill(0, at, at + random.integer(1, 64))
    },
  },
  {
    name: 'a piece twice',
    apply(bytes, random) {
      const [from, to] = [random.integer(0, bytes.length), random.integer(0, bytes.length)]
      const piece = bytes.slice(Math.min(from, to), Math.max(from, to))
      return Uint8Array.from([...bytes.slice(0, from), ...piece, ...bytes.slice(from)])
    },
  },
]

/**
 * Nothing but its own checksums and lengths tells whether bytes are what was written. To version 6 logs do not tell
 * either which writes they must hold blocks of.
 */
function mustBeNoticed(table: string, path: string, damage: Damage): boolean {
  const kind = kindOf(path)
  if (kind === 'hfile') return damage.name !== 'a piece twice'
  const isData = kind === 'log' && !path.startsWith('.hoodie/')
  return isData && damage.name === 'cut' && !table.startsWith('v6/')
}

/** Also where a busy machine takes long for each. */
const LEAST_CASES = 60

async function outcomeOf(objects: Objects): Promise<{ rows: string } | { code: string }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('still reading after 20 seconds')), 20_000)
  })
  try {
    return { rows: await Promise.race([readAll(objects), late]) }
  } catch (error) {
    if (isTableError(error) && error.code !== 'INTERNAL') return { code: error.code }
    throw error
  } finally {
    clearTimeout(timer)
  }
}

describe(`damaged tables (SPILLWAY_FUZZ_SEED=${seed})`, () => {
  it(
    'are refused or read: never a crash, never a hang, never fewer rows where checksums tell',
    async () => {
      const random = new Random(seed)
      const whole = new Map<string, { objects: Objects; rows: string }>()
      const counts = { cases: 0, refused: 0, same: 0, other: 0 }
      const end = Date.now() + seconds * 1000
      for (; Date.now() < end || counts.cases < LEAST_CASES; counts.cases++) {
        const name = random.pick(TABLES)
        let table = whole.get(name)
        if (table === undefined) {
          const archive = readFileSync(`${repository}test/fixtures/hudi/${name}.tar.gz`)
          const objects = new Map(readTarGz(archive))
          table = { objects, rows: await readAll(objects) }
          whole.set(name, table)
        }
        const paths = [...table.objects.keys()].filter(path => kindOf(path) !== undefined)
        const path = random.pick(paths)
        const damage = random.pick(DAMAGES)
        const bytes = damage.apply(table.objects.get(path)!, random)
        const outcome = await outcomeOf(new Map(table.objects).set(path, bytes)).catch(cause => {
          throw new Error(`${name}: ${damage.name} in ${path}`, { cause })
        })
        if ('code' in outcome) counts.refused++
        else if (outcome.rows === table.rows) counts.same++
        else {
          counts.other++
          const where = `${name}: ${damage.name} in ${path}`
          if (mustBeNoticed(name, path, damage)) expect.fail(`${where} went unnoticed`)
        }
      }
      console.log(`seed ${seed}: ${JSON.stringify(counts)}`)
      expect(counts.refused).toBeGreaterThan(0)
      expect(counts.same).toBeGreaterThan(0)
    },
    (seconds + 120) * 1000,
  )
})
