import type { Accepts, FileShapes, JsonObject, Snapshot } from '@spillway/core'
import { type FileSurvey, type RecipientSurvey, surveyFiles } from '@spillway/engine'
import { formatCount } from '../terminal/format-table.js'
import {
  acceptedBy,
  type DeclaredNeed,
  type DeclaredNeeds,
  RECIPIENT_KINDS,
} from './recipient-kinds.js'

export interface FileFactsOptions {
  readonly shapes: FileShapes
  readonly maxFiles?: number
  readonly signal?: AbortSignal | undefined
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
  for (const kind of RECIPIENT_KINDS) {
    const accepts = acceptedBy(kind, snapshot)
    if (accepts !== undefined) recipients.set(kind.name, accepts)
  }
  // Spillway serves local files itself, under other footers where that is all it takes.
  return surveyFiles(snapshot, { ...options, recipients, canView: isLocal })
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

/** How all files of a table reach one kind of recipient. */
export interface RecipientLine {
  readonly title: string
  readonly text: string
  /** False where some of it is refused. */
  readonly isServed: boolean
}

export interface FileFactsText {
  /** What was looked at. */
  readonly footers: string
  readonly recipients: readonly RecipientLine[]
}

/**
 * What the table declares, by `needs`, stands in place of what the footers say, which leave deletes aside. `staging` is
 * undefined where nobody knows whether whoever shares the table has it.
 */
export function fileFactsText(
  survey: FileSurvey | undefined,
  options: {
    readonly total: number
    readonly needs: DeclaredNeeds
    readonly staging?: boolean | undefined
  },
): FileFactsText {
  const { needs, staging } = options
  const recipients = RECIPIENT_KINDS.flatMap(({ name, title }): readonly RecipientLine[] => {
    const need = needs.get(name)
    if (need !== undefined) return [{ title, ...needText(need, staging) }]
    const found = survey?.recipients.get(name)
    return found === undefined ? [] : [{ title, ...surveyText(found, survey!.files, staging) }]
  })
  return { footers: footersText(survey, options.total), recipients }
}

function footersText(survey: FileSurvey | undefined, total: number): string {
  if (survey === undefined) return "not read: the table's metadata tells"
  const { files, complete, withoutIds } = survey
  const of = complete ? '' : ` of ${formatCount(total)}, and no more`
  const ids = withoutIds === 0 ? 'all have' : `${formatCount(withoutIds)} have no`
  return `${formatCount(files)}${of} read; ${ids} field ids`
}

type Line = Omit<RecipientLine, 'title'>

function needText({ answer, reason }: DeclaredNeed, staging: boolean | undefined): Line {
  if (answer === 'refused') return { text: `refused: ${reason}`, isServed: false }
  if (staging === undefined) return { text: `need staging: ${reason}`, isServed: true }
  return staging
    ? { text: `served by rewriting into staging: ${reason}`, isServed: true }
    : { text: `refused, for no staging is configured: ${reason}`, isServed: false }
}

function surveyText(found: RecipientSurvey, files: number, staging: boolean | undefined): Line {
  const { asTheyAre, viewed, rewritten, refused, misfits } = found
  if (asTheyAre === files) return { text: 'all files as they are', isServed: true }
  const ways = [
    [viewed, 'served under other names'],
    [rewritten, REWRITTEN[`${staging ?? 'unknown'}`]],
    [refused, 'refused'],
  ] as const
  const counts = ways.flatMap(([count, way]) =>
    count === 0 ? [] : [`${formatCount(count)} of ${formatCount(files)} files ${way}`],
  )
  const why = misfits.map(
    ({ misfit: { column, reason }, files: count }) =>
      `${formatCount(count)}: column ${column} ${reason}`,
  )
  const isServed = refused === 0 && (rewritten === 0 || staging !== false)
  return { text: [...counts, ...why].join('; '), isServed }
}

const REWRITTEN = {
  unknown: 'rewritten, needs staging',
  true: 'rewritten into staging',
  false: 'refused, for no staging is configured',
} as const
