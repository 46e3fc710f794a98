import type { LogSummary, Snapshot } from '@spillway/core'
import { mergeRule } from '../config/merge-rule.js'
import { blockSchema } from '../log-files/avro-block.js'
import { readLogHeaders } from '../log-files/log-file.js'
import { keyRule } from '../log-files/record-key.js'
import {
  blocksOf,
  type MergedLogsOptions,
  mergedLogsOf,
  orderingField,
  requireMergeable,
} from './merged-logs.js'

/** What a snapshot offers for its log files: merging them, and telling beforehand whether that can be done. */
export function logMethods(
  context: MergedLogsOptions,
): Required<Pick<Snapshot, 'mergedLogs' | 'inspectLogs'>> {
  return { mergedLogs: mergedLogsOf(context), inspectLogs: inspectLogsOf(context) }
}

/** Everything that merging would refuse and that no record has to be read for. */
function inspectLogsOf(context: MergedLogsOptions): NonNullable<Snapshot['inspectLogs']> {
  return async function inspectLogs(file, signal): Promise<LogSummary> {
    const { orderingFields } = mergeRule(context.state.config)
    keyRule(context.state.config, context.schema)
    for (const name of orderingFields) orderingField(context.schema, name)
    const read = { read: readLogHeaders, signal }
    const blocks = await blocksOf(file, context, read)
    for (const block of blocks) {
      requireMergeable(block)
      if (block.type === 'avro' || block.type === 'hfile') await blockSchema(block)
    }
    return { mayAddRows: blocks.some(({ type }) => type !== 'delete') }
  }
}
