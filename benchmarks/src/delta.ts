import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TableSource } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import { appendCommit, deltaTable, type GeneratedTable } from './delta-table.js'
import { countKept, nameKept, type Question, timed } from './measure.js'

const REFRESH_FILES = 100

function openReader() {
  return deltaReader({ store: localStore(), cache: createBatchCache({ maxBytes: 2 ** 31 }) })
}

function sourceOf(table: GeneratedTable): TableSource {
  return { location: `file://${table.path}`, format: 'delta' }
}

const snapshotCold: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  return timed(async () => countKept(await openReader().snapshot(sourceOf(table))))
}

const planCold: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const { predicate } = parseSqlPredicate(table.selective.where)
  return timed(async () => nameKept(await openReader().snapshot(sourceOf(table)), predicate))
}

const planWarm: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const { predicate } = parseSqlPredicate(table.selective.where)
  const snapshot = await openReader().snapshot(sourceOf(table))
  await countKept(snapshot)
  await nameKept(snapshot, predicate)
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
  await countKept(previous)
  await appendCommit(table, 2, REFRESH_FILES)
  try {
    return await timed(async () => {
      const next = await reader.snapshot(sourceOf(table), { previous })
      return (await countKept(next)) - files
    })
  } finally {
    await rm(commit, { force: true })
  }
}

export const deltaQuestions: Readonly<Record<string, Question>> = {
  'snapshot-cold': snapshotCold,
  'plan-cold': planCold,
  'plan-warm': planWarm,
  refresh,
}
