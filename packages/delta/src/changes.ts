import type { ChangeRange, ChangeSet } from '@spillway/core'
import type { LoadContext } from './load-state.js'

export async function* readChanges(
  _context: LoadContext,
  _range: ChangeRange,
): AsyncGenerator<ChangeSet> {}
