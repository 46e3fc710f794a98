import type { SnapshotRef } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { hudiReader } from '../../src/index.js'
import { liveFiles, noCache } from './real-tables.js'

export const ROOT = 'memory:///t'
const SCHEMA = '{"type":"record","name":"r","fields":[{"name":"id","type":"long"}]}'
export const at = (day: number) => `202601${String(day).padStart(2, '0')}000000000`
export const base = (group: string, day: number, token = '0-1-1') =>
  `${group}_${token}_${at(day)}.parquet`
export const log = (group: string, day: number, version = 1) =>
  `.${group}_${at(day)}.log.${version}_0-1-1`

export interface Body {
  readonly files?: readonly string[]
  readonly replaced?: readonly string[]
  readonly prevCommit?: string
  readonly operationType?: string
}

export function body({ files = [], replaced, prevCommit, operationType }: Body = {}): string {
  const stats = files.map(path => ({
    fileId: path.replace(/^\.?([^_]+)_.*/, '$1'),
    path,
    ...(prevCommit && { prevCommit }),
  }))
  return JSON.stringify({
    partitionToWriteStats: stats.length > 0 ? { '': stats } : {},
    ...(replaced && { partitionToReplaceFileIds: { '': replaced } }),
    ...(operationType && { operationType }),
    extraMetadata: { schema: SCHEMA },
  })
}

export function tableOf(
  version: 6 | 9,
  timeline: Readonly<Record<string, string>>,
  files: readonly string[],
  properties = '',
) {
  const folder = version === 6 ? `${ROOT}/.hoodie` : `${ROOT}/.hoodie/timeline`
  const text = `hoodie.table.name=t\nhoodie.table.type=MERGE_ON_READ\nhoodie.table.version=${version}\n${properties}`
  return memoryStore({
    objects: [
      [`${ROOT}/.hoodie/hoodie.properties`, text],
      ...Object.entries(timeline).map(([name, content]) => [`${folder}/${name}`, content] as const),
      ...files.map(name => [`${ROOT}/${name}`, 'x'] as const),
    ],
  })
}

/** Of each live file, its name and those of its logs, as a reader gives them. */
export async function namesOf(store: ReturnType<typeof tableOf>, ref?: SnapshotRef) {
  const reader = hudiReader({ store, cache: noCache })
  const snapshot = await reader.snapshot({ location: ROOT }, ref === undefined ? {} : { at: ref })
  const files = await liveFiles(snapshot)
  return files.map(file => [
    file.recordedPath,
    ...file.logFiles
      .map(each => each.path.slice(ROOT.length + 1))
      .filter(each => each !== file.recordedPath),
  ])
}
