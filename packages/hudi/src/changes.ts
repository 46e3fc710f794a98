import type { ChangeRange, ChangeSet, TableSource } from '@spillway/core'
import { TableError } from '@spillway/core'
import type { HudiReaderOptions } from './options.js'

export async function* hudiChanges(
  _source: TableSource,
  _range: ChangeRange,
  _options: HudiReaderOptions,
  _signal?: AbortSignal,
): AsyncGenerator<ChangeSet> {
  throw new TableError('UNSUPPORTED_FEATURE', 'changes of Hudi tables')
}
