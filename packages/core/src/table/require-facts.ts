import { TableError } from '../errors/errors.js'
import type { FormatFacts } from './format-facts.js'

const VALUES = {
  deletes: ['none', 'delta-vectors', 'delete-files', 'log-files'],
  changeFeed: ['none', 'recorded', 'compared'],
  partitionValues: ['metadata', 'files', 'files-or-metadata'],
  modificationTimes: ['file', 'snapshot'],
} as const satisfies { readonly [Fact in keyof FormatFacts]?: readonly FormatFacts[Fact][] }

const WITHOUT_IDS: readonly unknown[] = ['name', 'position', 'mapping']

/**
 * Throws where a reader does not state how its format keeps data: none of it is safe to guess, and readers that are written
 * in JavaScript have been checked by no compiler.
 */
export function requireFacts(stated: Partial<FormatFacts>, reader: string): void {
  for (const [fact, values] of Object.entries(VALUES)) {
    const found = stated[fact as keyof typeof VALUES]
    if ((values as readonly unknown[]).includes(found)) continue
    throw unstated(reader, fact, values.join(', '))
  }
  const matching: { readonly by?: unknown; readonly withoutIds?: unknown } =
    stated.columnMatching ?? {}
  if (matching.by === 'name') return
  if (matching.by === 'id' && WITHOUT_IDS.includes(matching.withoutIds)) return
  throw unstated(reader, 'columnMatching', "{ by: 'name' }, or { by: 'id', withoutIds }")
}

function unstated(reader: string, fact: string, expected: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the reader of ${reader} tables does not state ${fact} in its snapshots: expected ${expected} (FormatFacts)`,
    { context: { fact } },
  )
}
