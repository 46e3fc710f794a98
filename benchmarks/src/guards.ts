import { createHash, createHmac } from 'node:crypto'
import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { icebergReader } from '@spillway/iceberg'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import { s3Signer } from '@spillway/storage/s3'
import { deltaTable } from './delta-table.js'
import { icebergTable } from './iceberg-table.js'
import { countKept, type Measured, nameKept, type Question } from './measure.js'

/** Pairs of turns; the least of each side is compared, as what comes on top is of others. */
const ROUNDS = 5

interface Guard {
  readonly ours: () => unknown
  /** Work of the same kind, written plainly, whose cost does not change with our code. */
  readonly plain: () => unknown
  /** So many times what the plain work takes: above, something is done again for every file. */
  readonly most: number
}

/** Both take turns in this process, and the processor time of ours is held against the plain work's. */
export async function held(
  { ours, plain, most }: Guard,
  costOf: (work: () => unknown) => Promise<number> = cpuMsOf,
): Promise<Measured> {
  const least = { ours: Number.POSITIVE_INFINITY, plain: Number.POSITIVE_INFINITY }
  const ms: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const plainly = await costOf(plain)
    const start = performance.now()
    const took = await costOf(ours)
    // The first compiles.
    if (round === 0) continue
    ms.push(performance.now() - start)
    least.plain = Math.min(least.plain, plainly)
    least.ours = Math.min(least.ours, took)
  }
  const ratio = Number((least.ours / least.plain).toFixed(2))
  if (ratio > most) {
    throw new Error(`it takes ${ratio} times what the plain work does, more than ${most}`)
  }
  return { ms, facts: { ratio, most } }
}

/** Milliseconds of the processor, of all threads of this process. */
async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function times(count: number, work: () => unknown): Promise<void> {
  for (let i = 0; i < count; i++) await work()
}

interface PlainFile {
  readonly day: string
  readonly least: number
  readonly greatest: number
}

/** Bounds of every file as an object, each looked at: a plan without any care. */
function plainPlan(count: number): () => number {
  const files: PlainFile[] = Array.from({ length: count }, (_, i) => ({
    day: `2026-01-${String((i % 28) + 1).padStart(2, '0')}`,
    least: i * 1000,
    greatest: i * 1000 + 999,
  }))
  return () => files.filter(({ day, greatest }) => day === '2026-01-08' && greatest >= 0).length
}

/** Statistics of so many files, as a log has them in JSON. */
function plainDecode(count: number): () => number {
  const lines = Array.from({ length: count }, (_, i) => {
    const values = { id: i, name: `customer-${String(i).padStart(12, '0')}`, amount: i / 100 }
    const stats = JSON.stringify({ numRecords: 1000, minValues: values, maxValues: values })
    return JSON.stringify({ add: { path: `day=2026-01-01/part-${i}.parquet`, size: i, stats } })
  })
  return () => {
    let rows = 0
    for (const line of lines) rows += JSON.parse(JSON.parse(line).add.stats).numRecords
    return rows
  }
}

const planWarm: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const { predicate } = parseSqlPredicate(table.selective.where)
  const snapshot = await readDelta(table.path)
  const plan = plainPlan(files)
  const ours = () => times(20, () => countKept(snapshot, predicate))
  return held({ ours, plain: () => times(20, plan), most: 1 })
}

const planCold: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const { predicate } = parseSqlPredicate(table.selective.where)
  const ours = async () => nameKept(await readDelta(table.path), predicate)
  return held({ ours, plain: plainDecode(files), most: 1.75 })
}

function readDelta(path: string) {
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  return deltaReader({ store: localStore(), cache }).snapshot({ location: `file://${path}` })
}

const icebergCold: Question = async (files, data) => {
  const table = await icebergTable(data, files, 'scattered')
  const { predicate } = parseSqlPredicate(table.where)
  const ours = async () => {
    const cache = createBatchCache({ maxBytes: 2 ** 31 })
    const reader = icebergReader({ store: localStore(), cache })
    return nameKept(await reader.snapshot({ location: `file://${table.path}` }), predicate)
  }
  return held({ ours, plain: plainDecode(files), most: 9 })
}

const sign: Question = async files => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret that opens nothing' }
  const signer = s3Signer({ region: 'eu-west-1', credentials })
  const paths = Array.from({ length: files }, (_, i) => `s3://lake/sales/part-${i}.parquet`)
  const ours = () => signer.sign(paths, { expiresInSeconds: 3600, now: Date.now() })
  return held({ ours, plain: () => plainSignatures(files), most: 1.5 })
}

/** What a signature is, made of Node's objects. */
function plainSignatures(count: number): number {
  const key = Buffer.alloc(32, 1)
  let length = 0
  for (let i = 0; i < count; i++) {
    const request = `GET\n/sales/part-${i}.parquet\n${'x'.repeat(300)}\nhost:lake`
    const hash = createHash('sha256').update(request).digest('hex')
    length += createHmac('sha256', key).update(`AWS4${hash}`.padStart(133)).digest('hex').length
  }
  return length
}

export const guardQuestions: Readonly<Record<string, Question>> = {
  'guard-plan-warm-delta': planWarm,
  'guard-plan-cold-delta': planCold,
  'guard-plan-cold-iceberg': icebergCold,
  'guard-sign': sign,
}
