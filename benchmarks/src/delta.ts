import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Predicate, Snapshot, TableSource } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { planScan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import type { Measured, Question } from './child.js'
import { appendCommit, deltaTable, type GeneratedTable } from './delta-table.js'
import { streamQuery } from './stream.js'

const REFRESH_FILES = 100

function openReader() {
  return deltaReader({ store: localStore(), cache: createBatchCache({ maxBytes: 2 ** 31 }) })
}

function sourceOf(table: GeneratedTable): TableSource {
  return { location: `file://${table.path}`, format: 'delta' }
}

/** Survivors by path, as delta-rs gives them: planning and naming them. */
async function pathsOf(snapshot: Snapshot, predicate?: Predicate): Promise<number> {
  let found = 0
  for await (const { files, selection } of planScan(snapshot, predicate ? { predicate } : {})) {
    if (predicate === undefined) found += selection.length
    else found += (await files.files(selection)).length
  }
  return found
}

async function countKept(snapshot: Snapshot, predicate: Predicate): Promise<number> {
  let kept = 0
  for await (const { selection } of planScan(snapshot, { predicate })) kept += selection.length
  return kept
}

async function timed(action: () => Promise<number>, repeat = 1): Promise<Measured> {
  const ms: number[] = []
  let found = 0
  for (let i = 0; i < repeat; i++) {
    const start = performance.now()
    found = await action()
    ms.push(performance.now() - start)
  }
  return { ms, facts: { found } }
}

const snapshotCold: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  return timed(async () => pathsOf(await openReader().snapshot(sourceOf(table))))
}

const planCold: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const { predicate } = parseSqlPredicate(table.selective.where)
  return timed(async () => pathsOf(await openReader().snapshot(sourceOf(table)), predicate))
}

const planWarm: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const { predicate } = parseSqlPredicate(table.selective.where)
  const snapshot = await openReader().snapshot(sourceOf(table))
  await pathsOf(snapshot)
  await pathsOf(snapshot, predicate)
  for (let i = 0; i < 5; i++) await countKept(snapshot, predicate)
  return timed(() => countKept(snapshot, predicate), 20)
}

/** The next version is one commit of 100 files; every batch of the previous one is already loaded. */
const refresh: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const reader = openReader()
  const commit = join(table.path, '_delta_log', `${'0'.repeat(19)}2.json`)
  await rm(commit, { force: true })
  const previous = await reader.snapshot(sourceOf(table))
  await pathsOf(previous)
  await appendCommit(table, 2, REFRESH_FILES)
  try {
    return await timed(async () => {
      const next = await reader.snapshot(sourceOf(table), { previous })
      return (await pathsOf(next)) - files
    })
  } finally {
    await rm(commit, { force: true })
  }
}

const stream: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  return streamQuery(table)
}

export const deltaQuestions: Readonly<Record<string, Question>> = {
  'snapshot-cold': snapshotCold,
  'plan-cold': planCold,
  'plan-warm': planWarm,
  refresh,
  stream,
}
