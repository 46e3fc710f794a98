import {
  type Accepts,
  type FileShapes,
  isTableError,
  type JsonObject,
  type Snapshot,
} from '@spillway/core'
import { type FileSurvey, type RecipientSurvey, surveyFiles } from '@spillway/engine'
import { type Capabilities, negotiate } from '@spillway/protocol'
import { formatCount } from '../terminal/format-table.js'
import type { TableFacts } from './table-facts.js'

export interface FileFactsOptions {
  readonly shapes: FileShapes
  readonly maxFiles?: number
  readonly signal?: AbortSignal | undefined
}

type Fact = readonly [name: string, value: string]

/** Recipients as they differ in how they find columns: by name in plain Parquet, by id where an answer maps them. */
const KINDS = [
  ['plainParquet', { formats: ['parquet'], readerFeatures: new Set<string>() }],
  [
    'delta',
    {
      formats: ['delta'],
      readerFeatures: new Set([
        'deletionVectors',
        'columnMapping',
        'timestampNtz',
        'typeWidening',
        'variantType',
      ]),
    },
  ],
] as const

const TITLES: Readonly<Record<string, string>> = {
  plainParquet: 'plain Parquet clients',
  delta: 'Delta clients',
}

/**
 * How the files of a table reach whoever may read it, by what their footers say. Undefined where the table's metadata tells,
 * and for recipients who are refused the table whatever its files hold.
 */
export function fileFacts(
  snapshot: Snapshot,
  options: FileFactsOptions,
): Promise<FileSurvey | undefined> {
  const recipients = new Map<string, Accepts>()
  for (const [name, asked] of KINDS) {
    const accepts = acceptsOf(snapshot, { ...asked, ...ANYBODY })
    if (accepts !== undefined) recipients.set(name, accepts)
  }
  // Spillway serves local files itself, under other footers where that is all it takes.
  return surveyFiles(snapshot, { ...options, recipients, canView: isLocal })
}

/**
 * Recipients who get the table rewritten, or not at all, whatever the footers say, and why: its metadata declares what they do
 * not read, or, of plain Parquet, some of its rows are deleted or merged from logs.
 */
export function declaredNeeds(snapshot: Snapshot, found: TableFacts): readonly Fact[] {
  const { redactDropped } = snapshot.source
  return KINDS.flatMap(([name, asked]): readonly Fact[] => {
    const title = TITLES[name] ?? name
    const refusal = (canRewrite: boolean) =>
      refusalOf(() => negotiate({ ...asked, ...ANYBODY }, snapshot, { canRewrite, redactDropped }))
    const always = refusal(true)
    if (always !== undefined) return [[title, `refused: the table uses ${always}`]]
    const unstaged = refusal(false)
    if (unstaged !== undefined) return [[title, `need staging: the table uses ${unstaged}`]]
    if (name !== 'plainParquet' || !isMerged(found)) return []
    return [[title, 'need staging: some rows are deleted, or changed by logs']]
  })
}

function isMerged(found: TableFacts): boolean {
  const { deletionVectors, positionDeleteFiles, equalityDeleteFiles, logFiles } = found
  return deletionVectors + positionDeleteFiles + equalityDeleteFiles + logFiles > 0
}

/** The features for which `ask` is refused. */
function refusalOf(ask: () => unknown): string | undefined {
  try {
    ask()
    return undefined
  } catch (error) {
    if (isTableError(error)) return String(error.context.feature ?? error.message)
    throw error
  }
}

const ANYBODY = { includeEndStreamAction: false, asyncQuery: false, reader: 'other' } as const

function acceptsOf(snapshot: Snapshot, capabilities: Capabilities): Accepts | undefined {
  const { redactDropped } = snapshot.source
  try {
    return negotiate(capabilities, snapshot, { canRewrite: true, redactDropped }).accepts
  } catch (error) {
    if (isTableError(error)) return undefined
    throw error
  }
}

function isLocal(path: string): boolean {
  return path.startsWith('/') || /^file:/i.test(path)
}

export function fileFactsJson(survey: FileSurvey | undefined): JsonObject | null {
  if (survey === undefined) return null
  const { files, complete, withoutIds, recipients } = survey
  const told = [...recipients].map(([name, recipient]) => {
    const { misfits, ...counts } = recipient
    const why = misfits.map(({ misfit: { kind, column, reason }, files: count }) => {
      return { kind, files: count, column, reason }
    })
    return [name, { ...counts, misfits: why }] as const
  })
  return { looked: files, complete, withoutIds, ...Object.fromEntries(told) }
}

/**
 * One line a kind of recipient, and one of what was looked at. What the table declares, by `needs`, stands in place of what
 * the footers say, which leave deletes aside.
 */
export function fileFactsText(
  survey: FileSurvey | undefined,
  { total, needs }: { readonly total: number; readonly needs: readonly Fact[] },
): readonly Fact[] {
  if (survey === undefined) return [['footers', "not read: the table's metadata tells"], ...needs]
  const declared = new Set(needs.map(([title]) => title))
  const { files, complete, withoutIds, recipients } = survey
  const of = complete ? '' : ` of ${formatCount(total)}, and no more`
  const ids = withoutIds === 0 ? 'all have' : `${formatCount(withoutIds)} have no`
  return [
    ['footers', `${formatCount(files)}${of} read; ${ids} field ids`],
    ...needs,
    ...[...recipients]
      .map(([name, found]) => [TITLES[name] ?? name, recipientText(found, files)] as const)
      .filter(([title]) => !declared.has(title)),
  ]
}

function recipientText(found: RecipientSurvey, files: number): string {
  const { asTheyAre, viewed, rewritten, refused, misfits } = found
  if (asTheyAre === files) return 'all files as they are'
  const ways = [
    [viewed, 'served under other names'],
    [rewritten, 'rewritten, needs staging'],
    [refused, 'refused'],
  ] as const
  const counts = ways.flatMap(([count, way]) =>
    count === 0 ? [] : [`${formatCount(count)} of ${formatCount(files)} files ${way}`],
  )
  const why = misfits.map(
    ({ misfit: { column, reason }, files: count }) =>
      `${formatCount(count)}: column ${column} ${reason}`,
  )
  return [...counts, ...why].join('; ')
}
