import {
  hash64,
  inSlices,
  type ObjectStore,
  type Steps,
  TableError,
  type TableSource,
} from '@spillway/core'
import { loadTableConfig, type TableConfig } from '../config/table-config.js'
import { INSTANTS_IN_A_STEP, loadTimeline, type Timeline } from './timeline.js'

/** A table as its `.hoodie` folder describes it now, before any file is looked at. */
export interface TableState {
  readonly root: string
  readonly config: TableConfig
  readonly timeline: Timeline
  /** Changes whenever an instant comes, goes or changes, and when the table is made anew. */
  readonly fingerprint: string
}

export async function loadTableState(
  store: ObjectStore,
  source: TableSource,
  signal?: AbortSignal,
): Promise<TableState> {
  const root = rootOf(source)
  const config = await loadTableConfig(store, root, signal)
  if (config === undefined) {
    throw new TableError(
      'NOT_FOUND',
      `no Hudi table at ${root}: .hoodie/hoodie.properties is missing`,
      {
        context: { path: root },
      },
    )
  }
  const timeline = await loadTimeline(store, root, config, signal)
  return { root, config, timeline, fingerprint: await inSlices(fingerprintOf(config, timeline)) }
}

export function rootOf(source: TableSource): string {
  return source.location.replace(/\/+$/, '')
}

/** A hash of the properties, and then of some instants at a time with what came before. */
function* fingerprintOf(config: TableConfig, { instants }: Timeline): Steps<string> {
  let print = hashed([...config.properties].map(([key, value]) => `${key}=${value}`))
  for (let start = 0; start < instants.length; start += INSTANTS_IN_A_STEP) {
    const some = instants.slice(start, start + INSTANTS_IN_A_STEP)
    const texts = some.map(i => `${i.path} ${i.state} ${i.size} ${i.lastModified}`)
    print = hashed([print, ...texts])
    yield
  }
  return print
}

function hashed(lines: readonly string[]): string {
  const text = new TextEncoder().encode(lines.join('\n'))
  return `${hash64(text).toString(16)}${hash64(text, 1).toString(16)}`
}
