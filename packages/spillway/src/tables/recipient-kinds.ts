import { type Accepts, isTableError, type Snapshot } from '@spillway/core'
import { type Capabilities, encodeHeader, type Negotiated, negotiate } from '@spillway/protocol'
import type { TableFacts } from './table-facts.js'

type KindName = 'plainParquet' | 'delta'

/** Recipients as they differ in how they find columns: by name in plain Parquet, by id where an answer maps them. */
export interface RecipientKind {
  readonly name: KindName
  readonly title: string
  readonly asks: Capabilities
}

const ANYBODY = { includeEndStreamAction: false, asyncQuery: false, reader: 'other' } as const

export const RECIPIENT_KINDS: readonly RecipientKind[] = [
  {
    name: 'plainParquet',
    title: 'plain Parquet clients',
    asks: { formats: ['parquet'], readerFeatures: new Set<string>(), ...ANYBODY },
  },
  {
    name: 'delta',
    title: 'Delta clients',
    asks: {
      formats: ['delta'],
      readerFeatures: new Set([
        'deletionVectors',
        'columnMapping',
        'timestampNtz',
        'typeWidening',
        'variantType',
      ]),
      ...ANYBODY,
    },
  },
]

/** Why a kind of recipient gets a table rewritten, or not at all. */
export interface DeclaredNeed {
  readonly answer: 'refused' | 'staging'
  readonly reason: string
}

export type DeclaredNeeds = ReadonlyMap<KindName, DeclaredNeed>

/**
 * Recipients who get the table rewritten, or not at all, whatever the footers say: its metadata declares what they do not
 * read, or what no answer can say, or some of its rows are deleted or merged from logs. `staging` is
 * undefined where nobody knows whether there is any.
 */
export function declaredNeeds(
  snapshot: Snapshot,
  found: TableFacts,
  staging?: boolean | undefined,
): DeclaredNeeds {
  const needs = new Map<KindName, DeclaredNeed>()
  for (const { name, asks } of RECIPIENT_KINDS) {
    const need = declaredNeed(asks, snapshot, staging === true) ?? mergedNeed(name, found)
    if (need !== undefined) needs.set(name, need)
  }
  return needs
}

function declaredNeed(
  asks: Capabilities,
  snapshot: Snapshot,
  hasStaging: boolean,
): DeclaredNeed | undefined {
  const unstaged = answerTo(asks, snapshot, false)
  if (typeof unstaged !== 'string') return undefined
  const staged = answerTo(asks, snapshot, true)
  if (typeof staged === 'string')
    return { answer: 'refused', reason: hasStaging ? staged : unstaged }
  return { answer: 'staging', reason: unstaged.replace(/, which this request .*/s, '') }
}

/** Vectors say what is deleted; what logs change or add has no file that could be sent. */
function mergedNeed(name: KindName, found: TableFacts): DeclaredNeed | undefined {
  const { deletionVectors, positionDeleteFiles, equalityDeleteFiles, logFiles } = found
  const deletes = deletionVectors + positionDeleteFiles + equalityDeleteFiles
  if (name === 'delta') {
    const reason = 'rows that logs changed or added are in no file of their own'
    return logFiles === 0 ? undefined : { answer: 'staging', reason }
  }
  const reason = 'some rows are deleted, or changed by logs'
  return deletes + logFiles === 0 ? undefined : { answer: 'staging', reason }
}

/** What `kind` is told of how to read the table's files; undefined where it is refused the table. */
export function acceptedBy({ asks }: RecipientKind, snapshot: Snapshot): Accepts | undefined {
  const answer = answerTo(asks, snapshot, true)
  return typeof answer === 'string' ? undefined : answer.accepts
}

/** As a query is answered, up to its head; the message of its refusal. */
function answerTo(
  asks: Capabilities,
  snapshot: Snapshot,
  canRewrite: boolean,
): Negotiated | string {
  const { redactDropped } = snapshot.source
  try {
    const negotiated = negotiate(asks, snapshot, { canRewrite, redactDropped })
    encodeHeader(snapshot, negotiated, { version: snapshot.version })
    return negotiated
  } catch (error) {
    if (isTableError(error)) return error.message
    throw error
  }
}
