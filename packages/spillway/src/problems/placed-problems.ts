import { TableError } from '@spillway/core'
import type { ConfigProblem } from '@spillway/server'
import { nearestNames } from '../recipient/nearest.js'
import type { ConfigText, Place } from './config-text.js'

/** One mistake in a configuration. */
interface ToldProblem {
  /** The keys to it, such as `shares[0].schemas[0].name`; empty where it is the document's. */
  readonly path: string
  readonly message: string
}

/** One mistake in a configuration file. */
export interface PlacedProblem extends ToldProblem, Place {}

/** Problems in the order of the file, with what may have been meant. */
export function placedProblems(
  text: ConfigText,
  problems: readonly ConfigProblem[],
): readonly PlacedProblem[] {
  return suggestedProblems(problems)
    .map(({ problem, told }) => ({ ...text.placeOf(problem.path, problem.at), ...told }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
}

/** Problems of a document that no file holds, with what may have been meant. */
export function toldProblems(problems: readonly ConfigProblem[]): readonly ToldProblem[] {
  return suggestedProblems(problems).map(({ told }) => told)
}

function suggestedProblems(
  problems: readonly ConfigProblem[],
): readonly { readonly problem: ConfigProblem; readonly told: ToldProblem }[] {
  const suggested = problems.map(problem => ({ problem, suggestion: suggestionFor(problem) }))
  const meant = new Set(
    suggested.flatMap(
      ({ problem, suggestion }) =>
        suggestion?.near.map(name => pathText([...problem.path.slice(0, -1), name])) ?? [],
    ),
  )
  return (
    suggested
      // A key that is there under a misspelt name is told once.
      .filter(({ problem }) => !(problem.isMissing && meant.has(pathText(problem.path))))
      .map(({ problem, suggestion }) => {
        const { path, at, isMissing, message } = problem
        const isKey = at === 'key' || isMissing
        const told = {
          path: pathText(isKey ? path.slice(0, -1) : path),
          message: `${message}${suggestion?.text ?? ''}`,
        }
        return { problem, told }
      })
  )
}

interface Suggestion {
  readonly near: readonly string[]
  readonly text: string
}

/** The nearest names; of unknown keys that are near nothing, those that there are. */
function suggestionFor({ at, meant }: ConfigProblem): Suggestion | undefined {
  if (meant === undefined) return undefined
  const names = [...new Set(meant.names)]
  const near = nearestNames(meant.written, names, 2)
  if (near.length > 0)
    return { near, text: `; did you mean ${near.map(name => `"${name}"`).join(' or ')}?` }
  if (at !== 'key' || names.length === 0) return undefined
  return { near, text: `; expected ${names.join(', ')}` }
}

function pathText(path: ConfigProblem['path']): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    const name = /^[\w*.-]{1,64}$/.test(key) ? key : '…'
    return text === '' ? name : `${text}.${name}`
  }, '')
}

/** All that is wrong with the file, or with what a program made, as one error that stops what needed it. */
export function configError(
  file: string,
  problems: readonly (ToldProblem | PlacedProblem)[],
): TableError {
  const [first] = problems
  const lines = problems.map(problem => problemLine(file, problem))
  const message =
    lines.length === 1 ? lines[0]! : [`${file}: ${lines.length} mistakes`, ...lines].join('\n')
  const context = {
    path: file,
    ...(first && 'line' in first && { line: first.line, column: first.column }),
  }
  return new TableError('INVALID_REQUEST', message, { context })
}

function problemLine(file: string, problem: ToldProblem | PlacedProblem): string {
  const { path, message } = problem
  const place = 'line' in problem ? `:${problem.line}:${problem.column}` : ''
  return `${file}${place}: ${path === '' ? '' : `${path}: `}${message}`
}
