import type { DescribedSkill } from '@spillway/client'
import { writeJson } from '@spillway/core'
import { formatBytes, formatCount, formatFacts, printable } from '../terminal/format-table.js'
import type { Style } from '../terminal/style.js'
import { moreOf } from './weight-lines.js'

const NAMED = 20

/** The front matter of a skill, and the files beside it. It is text of whoever wrote it. */
export function skillLines(
  { path, skill, warnings, resources }: DescribedSkill,
  style: Style,
): readonly string[] {
  const known = new Set(['allowed-tools'])
  const facts = Object.entries(skill.frontMatter)
    .filter(([key]) => !known.has(key))
    .map(([key, value]) => [key, typeof value === 'string' ? value : writeJson(value)] as const)
  const tools = skill.allowedTools
  return [
    style.bold(printable(path)),
    ...formatFacts(
      [
        ...facts,
        ...(tools === undefined
          ? []
          : [['asks for', `${tools} (tools that nobody has allowed)`] as const]),
      ].map(([key, value]) => [printable(key), printable(value)]),
      style,
    ),
    ...warnings.map(
      ({ field, message }) => `${style.yellow(printable(field))}  ${printable(message)}`,
    ),
    `${formatCount(resources.length, 'resource')}`,
    ...resources
      .slice(0, NAMED)
      .map(each => `  ${printable(each.path)}  ${style.dim(formatBytes(each.size))}`),
    ...moreOf(resources.length, style),
  ]
}
