import { isTableError } from '@spillway/core'
import type { Engine, EngineObserver } from '@spillway/engine'
import { cleanStaging, sweepScratch } from '@spillway/rows'
import { parseUri, sweepUnfinished } from '@spillway/storage'
import type { OpenAssets } from '../assets/open-assets.js'
import type { ServeConfig } from '../configuration/config.js'
import type { Composition } from '../tables/compose.js'
import { TableWarmer } from './warm-tables.js'

const CLEAN_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

export interface Upkeep {
  follow(config: ServeConfig): void
  stop(): Promise<void>
}

export interface UpkeepParts {
  readonly spillway: Composition
  readonly engine: Engine
  readonly assets: OpenAssets
  readonly observer: EngineObserver | undefined
}

/** What a server does without being asked. */
export function upkeepOf(
  config: ServeConfig,
  { spillway, engine, assets, observer }: UpkeepParts,
): Upkeep {
  const warming = new TableWarmer({ engine, shapes: spillway.shapes, observer })
  warming.follow(config)
  prepareRewriting(config, spillway)
  const cleaning = config.staging && cleanRegularly(spillway, config.staging)
  return {
    follow(next) {
      warming.follow(next)
      assets.follow(next)
    },
    async stop() {
      warming.stop()
      cleaning?.stop()
      await assets.stop()
    },
  }
}

function prepareRewriting(config: ServeConfig, spillway: Composition): void {
  // What a killed process left of tables that it was rewriting.
  void sweepScratch()
  // Loading it holds the thread for a fifth of a second: better before anybody has asked. What fails is told when it is needed.
  if (config.staging) {
    spillway.duckdb.connect().then(
      session => session.close(),
      () => undefined,
    )
  }
}

function cleanRegularly(
  { store }: Composition,
  { location, keepDays }: NonNullable<ServeConfig['staging']>,
): { stop(): void } {
  const stopped = new AbortController()
  const clean = () => {
    const options = {
      location,
      olderThanMs: keepDays * DAY_MS,
      now: Date.now(),
      signal: stopped.signal,
    }
    cleanOnce(store, options).catch(error => {
      // Aged files cost space only; the next round tries again.
      if (!isTableError(error)) throw error
    })
  }
  const timer = setInterval(clean, CLEAN_EVERY_MS).unref()
  clean()
  return {
    stop() {
      clearInterval(timer)
      stopped.abort()
    },
  }
}

async function cleanOnce(
  store: Composition['store'],
  options: Parameters<typeof cleanStaging>[1],
): Promise<void> {
  const { location } = options
  if (parseUri(location).scheme === 'file') await sweepUnfinished(location)
  await cleanStaging(store, options)
}
