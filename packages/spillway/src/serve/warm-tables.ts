import {
  type FileShapes,
  mapConcurrently,
  type Snapshot,
  type TableSource,
  throwIfCancelled,
} from '@spillway/core'
import type { Engine, EngineObserver } from '@spillway/engine'
import type { ServeConfig } from '../configuration/config.js'
import { tablesOf } from '../configuration/config-tables.js'
import { locatedSource } from '../tables/table-source.js'

export interface TableWarmerOptions {
  readonly engine: Engine
  readonly shapes: FileShapes
  readonly observer?: EngineObserver | undefined
  /** How often new versions are looked for. Half a minute by default. */
  readonly everyMs?: number
}

const EVERY_MS = 30_000
const FILES_AT_ONCE = 1024
/** Few, so that recipients who are there already do not wait behind it. */
const FOOTERS_AT_ONCE = 4

/**
 * Reads what the files of `warm` tables hold before anybody asks: at the start, and of every new version. What cannot be
 * read is tried again in the next round; a recipient is told of it when one asks.
 */
export class TableWarmer {
  readonly #options: TableWarmerOptions
  readonly #warmed = new Map<string, bigint>()
  #stopped = new AbortController()

  constructor(options: TableWarmerOptions) {
    this.#options = options
  }

  /** Warms the tables of `config`, and no longer those of the one before. */
  follow(config: ServeConfig): void {
    this.stop()
    const sources = warmSources(config)
    if (sources.length === 0) return
    const stopped = new AbortController()
    this.#stopped = stopped
    void this.#rounds(sources, stopped.signal)
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #rounds(sources: readonly TableSource[], signal: AbortSignal): Promise<void> {
    const { everyMs = EVERY_MS } = this.#options
    while (!signal.aborted) {
      for (const source of sources) await this.#warm(source, signal)
      await pause(everyMs, signal)
    }
  }

  async #warm(source: TableSource, signal: AbortSignal): Promise<void> {
    const { engine, observer } = this.#options
    const key = JSON.stringify(source)
    try {
      const snapshot = await engine.snapshot(source, { kind: 'latest' }, signal)
      if (this.#warmed.get(key) === snapshot.version) return
      const files = await this.#read(snapshot, signal)
      this.#warmed.set(key, snapshot.version)
      observer?.count?.('files.warmed', files, { format: snapshot.format })
    } catch {
      if (!signal.aborted) observer?.count?.('warming.failed', 1, {})
    }
  }

  async #read(snapshot: Snapshot, signal: AbortSignal): Promise<number> {
    if (snapshot.shapesFrom !== 'footers' && snapshot.source.redactDropped === undefined) return 0
    let files = 0
    for (const handle of snapshot.files.handles) {
      const loaded = await handle.load(signal)
      for (let start = 0; start < loaded.live.length; start += FILES_AT_ONCE) {
        throwIfCancelled(signal)
        const some = await loaded.files(loaded.live.subarray(start, start + FILES_AT_ONCE), signal)
        const parquet = some.filter(({ fileFormat }) => fileFormat === 'parquet')
        await mapConcurrently(parquet, FOOTERS_AT_ONCE, file =>
          this.#options.shapes.of([file], signal),
        )
        files += parquet.length
      }
    }
    return files
  }
}

function warmSources({ shares }: ServeConfig): readonly TableSource[] {
  return tablesOf(shares)
    .filter(({ table }) => table.warm === true)
    .map(({ table }) => locatedSource(table))
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds).unref()
    const wake = () => {
      clearTimeout(timer)
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
  })
}
