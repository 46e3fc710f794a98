#!/usr/bin/env node
/**
 * `npm run hostile:stalls [-- --only NAME[,NAME]] [--most MS] [--size SHARE] [--warm MS] [--data FOLDER] [--json FILE] [--list]`
 * Heavy tables, each asked once of a server that has just started, while a light recipient asks for a small one: what the
 * light one waits, how long the event loop was held, and by what. Ends with 1 where it was held longer than `--most`, or than is
 * known of an input, or where a table was not answered, or refused, as it should be.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { lightTable } from './load/light-table.js'
import type { NamedHold } from './load/name-holds.js'
import { HEAVY_INPUTS } from './stalls/inputs.js'
import { measureStalls, type StallMeasure } from './stalls/measure.js'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    /** Milliseconds. */
    most: { type: 'string', default: '50' },
    /** Of every size; the columns that are refused stay as many. */
    size: { type: 'string', default: process.env.SPILLWAY_STALLS_SIZE ?? '1' },
    /** Milliseconds that the light recipient asks before. */
    warm: { type: 'string', default: '1500' },
    /** Keeps the inputs there for the next run; they are made anew in a folder of their own otherwise. */
    data: { type: 'string' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

const wanted = options.only?.split(',')
const inputs = HEAVY_INPUTS.filter(({ name }) => wanted?.includes(name) ?? true)
const SHOWN_HOLDS = 3
const mb = (bytes: number) => Math.round(bytes / 2 ** 20)
const size = Number(options.size)
const most = Number(options.most)

if (options.list) for (const { name } of inputs) console.log(name)
else process.exitCode = await main()

async function main(): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), 'spillway-stalls-'))
  const data = resolve(options.data ?? join(work, 'data'))
  const results: Record<string, StallMeasure> = {}
  try {
    const light = await lightTable(join(work, 'light'))
    for (const input of inputs) {
      const heavy = join(data, `${input.name}-${size}`)
      await made(heavy, folder => input.make(folder, size))
      const measure = await measureStalls(input, {
        folder: work,
        heavy,
        light,
        holdMs: Math.min(most, 30),
        warmMs: Number(options.warm),
      })
      results[input.name] = measure
      console.log(report(input.name, measure))
      if (options.data === undefined) await rm(heavy, { recursive: true })
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(results, null, 1))
  const tooLong = inputs.filter(({ name }) => (results[name]?.holds[0]?.ms ?? 0) > most)
  if (tooLong.length > 0)
    console.log(`held for too long: ${tooLong.map(({ name }) => name).join(', ')}`)
  const wrong = inputs.filter(({ name, status }) => results[name]?.heavy.status !== status)
  if (wrong.length > 0)
    console.log(`answered otherwise: ${wrong.map(({ name }) => name).join(', ')}`)
  return tooLong.length + wrong.length === 0 ? 0 : 1
}

/** Metadata names its files by where they are, so inputs are made in place; what a stopped run left is not taken for whole. */
async function made(path: string, make: (folder: string) => Promise<void>): Promise<void> {
  const isWhole = `${path}.whole`
  if (existsSync(isWhole)) return
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true })
  await make(path)
  await writeFile(isWhole, '')
}

function report(name: string, { light, heavy, holds, rss }: StallMeasure): string {
  const over = holds.filter(({ ms }) => ms > most).length
  return [
    `${name}: answered ${heavy.status} in ${Math.round(heavy.ms)} ms, ${mb(heavy.bytes)} MB; server at ${mb(rss)} MB`,
    `light recipient: ${light.count} queries, p50 ${light.p50} p99 ${light.p99} max ${light.max} ms`,
    `longest hold ${Math.round(holds[0]?.ms ?? 0)} ms; ${over} over ${most} ms`,
    ...holds.slice(0, SHOWN_HOLDS).map(holdLine),
  ].join('\n    ')
}

function holdLine({ ms, waitedMs, name, share }: NamedHold): string {
  const others = waitedMs < 1 ? '' : ` (and ${Math.round(waitedMs)} for other processes)`
  return `  ${Math.round(ms)} ms${others}: ${Math.round(share * 100)} % ${name}`
}
