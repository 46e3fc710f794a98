import type { SkillOutcome } from '@spillway/client/node'
import type { WritableJson } from '@spillway/core'
import {
  formatBytes,
  formatCount,
  formatFacts,
  printable,
  shorten,
} from '../terminal/format-table.js'
import { type Style, styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { placeText } from './skills-place.js'

const MAX_TEXT = 1024

/** Characters that nobody sees and an agent may read as words: tags, selectors, what has no width. */
const UNSEEN = /[\u00ad\u200b\u2060-\u2064\u{e0000}-\u{e0fff}]/gu

/** What a stranger wrote, as data: on one line, and nothing in it that is not seen. */
export function strangerText(text: string): string {
  return shorten(printable(text.slice(0, 4 * MAX_TEXT)).replace(UNSEEN, '�'), MAX_TEXT)
}

/** What was done with a skill, and what somebody should know who lets an agent use it. */
export function outcomeLines(outcome: SkillOutcome, terminal: Terminal): readonly string[] {
  const style = styleFor(terminal.stdout, terminal.environment)
  const { name, path, state, source } = outcome
  const told = style.dim(`${state}, ${sizeText(outcome)}`)
  const head = `${style.bold(strangerText(name))} in ${placeText(path, terminal)}  ${told}`
  if (state === 'unchanged') return [head]
  if (state === 'removed')
    return [`${style.bold(strangerText(name))} removed from ${placeText(path, terminal)}`]
  const facts = [
    ['source', printable(source)],
    ...skillFacts(outcome.skill),
    ['digest', outcome.digest],
    ...warningFacts(outcome, style),
  ] as const
  return [
    head,
    ...formatFacts(facts, style).map(line => `  ${line}`),
    ...changeLines(outcome, style),
    ...toolLines(outcome, style),
    ...scriptLines(outcome),
  ]
}

interface SkillFacts {
  readonly description: string
  readonly license?: string | undefined
  readonly compatibility?: string | undefined
}

/** Between quotes what is prose: it speaks to agents, not to who reads this. */
export function skillFacts(skill: SkillFacts | undefined): (readonly [string, string])[] {
  if (skill === undefined) return []
  const { description, license, compatibility } = skill
  return [
    ['says', `"${strangerText(description)}"`],
    ...(license ? [['license', strangerText(license)] as const] : []),
    ...(compatibility ? [['needs', `"${strangerText(compatibility)}"`] as const] : []),
  ]
}

function sizeText({ manifest, verified }: SkillOutcome): string {
  const { entries, totalSize } = manifest
  const digests = verified ? '' : ', without digests of the provider'
  return `${formatCount(entries.length, 'file')}, ${formatBytes(totalSize)}${digests}`
}

function warningFacts({ warnings }: SkillOutcome, style: Style) {
  return warnings.map(
    ({ field, message }) =>
      ['warning', style.yellow(`${strangerText(field)}: ${strangerText(message)}`)] as const,
  )
}

const MARKS = { added: '+', changed: '~', removed: '-' } as const

function changeLines({ changes }: SkillOutcome, style: Style): readonly string[] {
  return (['added', 'changed', 'removed'] as const).flatMap(kind =>
    changes[kind].map(path => `  ${style.dim(MARKS[kind])} ${printable(path)}`),
  )
}

/** Loud where there are more of them than before. */
function toolLines({ allowedTools, toolsAdded }: SkillOutcome, style: Style): readonly string[] {
  const more = toolsAdded.map(strangerText).join(' ')
  const asked =
    allowedTools === undefined ? [] : [`  asks for the tools ${strangerText(allowedTools)}`]
  const added = more === '' ? [] : [style.bold(style.red(`  NOW ASKS FOR MORE TOOLS: ${more}`))]
  return asked.length === 0
    ? []
    : [...added, ...asked, '  nobody has allowed them: that is between you and your agent']
}

function scriptLines({ manifest }: SkillOutcome): readonly string[] {
  const scripts = manifest.entries.filter(({ path }) => path.startsWith('scripts/')).length
  if (scripts === 0) return []
  return [`  ${formatCount(scripts, 'script')}: none was run, and none is marked executable`]
}

export function outcomeJson(outcome: SkillOutcome): { readonly [key: string]: WritableJson } {
  const { name, state, path, source, endpoint, digest, verified, allowedTools } = outcome
  const { skill, changes, manifest, warnings, toolsAdded } = outcome
  return {
    name,
    state,
    path,
    source,
    endpoint,
    digest,
    verified,
    description: skill?.description,
    license: skill?.license,
    compatibility: skill?.compatibility,
    allowedTools,
    toolsAdded: [...toolsAdded],
    files: manifest.entries.length,
    bytes: manifest.totalSize,
    changes: changesJson(changes),
    warnings: warnings.map(({ field, message }) => ({ field, message })),
  }
}

export function changesJson({ added, changed, removed }: SkillOutcome['changes']) {
  return { added: [...added], changed: [...changed], removed: [...removed] }
}
