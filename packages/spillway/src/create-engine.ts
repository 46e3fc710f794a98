import type { Engine, EngineOptions } from '@spillway/engine'
import { type ComposeOptions, compose } from './tables/compose.js'

/** An engine over every format and the clouds of `clouds`; what `options` gives replaces what is wired. */
export function createEngine(
  clouds: ComposeOptions = {},
  options: Partial<EngineOptions> = {},
): Engine {
  return compose(clouds).engine(options)
}
