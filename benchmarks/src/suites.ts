import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Sample } from './report/report.js'
import { OURS } from './report/report.js'

/** Programs that ask several contenders by themselves, by turns: of each a sample, or why it has none. */
export interface Suite {
  readonly samples: Readonly<Record<string, Sample>>
  readonly missing: Readonly<Record<string, string>>
}

export type SuiteName = 'recipient-sql' | 'tpch'

interface Place {
  readonly data: string
  /** An interpreter that has the peers. */
  readonly python: string
}

const DAYS_OF_FILES = 1000
const ROWS_OF_A_FILE = 500
/** A tenth of a gigabyte, as `dbgen` counts. */
const SCALE_FACTOR = 0.1

export const SUITES: Readonly<Record<SuiteName, (place: Place) => Promise<Suite>>> = {
  'recipient-sql': recipientSql,
  tpch,
}

/** A recipient's selective query: three columns of one day, 20 of 1,000 files. Of its later queries; facts have the first. */
async function recipientSql({ data, python }: Place): Promise<Suite> {
  const folder = join(data, `recipient-${DAYS_OF_FILES}`)
  await madeOnce(folder, draft => {
    const sizes = [String(DAYS_OF_FILES), String(ROWS_OF_A_FILE)]
    return run(process.execPath, [program('recipient/generate.mjs'), draft, ...sizes])
  })
  const measure = [program('recipient/measure.mjs'), folder, 'selective', '1']
  const lines = await run(process.execPath, measure, { SPILLWAY_PYTHON: python })
  return suiteOf<RecipientLine>(lines, ({ name, transport, first, later, wireBytes, rssMb }) => {
    const label = NAMES[`${name} ${transport ?? ''}`.trim()]
    if (label === undefined) return undefined
    const facts = { firstMs: first.ms, cpuMs: later.cpuMs, wireBytesOfAll: wireBytes }
    return [label, { ms: [later.ms], peakRssMb: rssMb, facts }]
  })
}

/** The 22 queries of TPC-H: milliseconds of them all. Fails where an answer is another than the generator's. */
async function tpch({ data, python }: Place): Promise<Suite> {
  const folder = join(data, `tpch-${SCALE_FACTOR}`)
  await madeOnce(folder, draft =>
    run(python, [program('peers/tpch_generate.py'), draft, String(SCALE_FACTOR)]),
  )
  const lines = await run(process.execPath, [program('recipient/tpch.mjs'), folder])
  return suiteOf<TpchLine>(lines, ({ name, ms, other, failed, cpuMs, rssMb }) => {
    const wrong = [...other, ...failed]
    if (wrong.length > 0)
      return [NAMES[name]!, `wrong or no answers of queries ${wrong.join(', ')}`]
    const total = ms.reduce((sum, each) => sum + each, 0)
    return [NAMES[name]!, { ms: [total], peakRssMb: rssMb, facts: { queries: ms.length, cpuMs } }]
  })
}

const NAMES: Readonly<Record<string, string>> = {
  'shared ranges': OURS,
  'shared download': `${OURS} (whole files)`,
  shared: OURS,
  local: 'duckdb, same disk',
  python: 'delta-sharing',
}

/** What each of the programs prints of a contender; `missing` instead of all else where it has no numbers. */
interface Line {
  readonly name: string
  readonly missing?: string
}

interface RecipientLine extends Line {
  readonly transport?: string
  readonly first: { readonly ms: number; readonly cpuMs: number }
  readonly later: { readonly ms: number; readonly cpuMs: number }
  readonly wireBytes: number
  readonly rssMb: number
}

interface TpchLine extends Line {
  readonly ms: readonly number[]
  readonly other: readonly number[]
  readonly failed: readonly number[]
  readonly cpuMs: number
  readonly rssMb: number
}

/** A suite of the lines that a program of ours printed; a contender that `read` gives a text for has that reason. */
export function suiteOf<Printed extends Line>(
  text: string,
  read: (line: Printed) => readonly [name: string, found: Sample | string] | undefined,
): Suite {
  const samples: Record<string, Sample> = {}
  const missing: Record<string, string> = {}
  for (const line of text.trim().split('\n')) {
    const parsed = JSON.parse(line) as Printed
    if (parsed.missing !== undefined) {
      missing[NAMES[parsed.name] ?? parsed.name] = parsed.missing
      continue
    }
    const found = read(parsed)
    if (found === undefined) continue
    const [name, sample] = found
    if (typeof sample === 'string') missing[name] = sample
    else samples[name] = sample
  }
  return { samples, missing }
}

async function madeOnce(folder: string, make: (draft: string) => Promise<unknown>): Promise<void> {
  if (existsSync(folder)) return
  const draft = `${folder}.draft`
  await rm(draft, { recursive: true, force: true })
  await make(draft)
  await rename(draft, folder)
}

async function run(
  command: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { ...process.env, ...more }
  const { stdout } = await promisify(execFile)(command, args, { env, maxBuffer: 2 ** 26 })
  return stdout
}

function program(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url))
}
