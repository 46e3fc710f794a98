import { realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { TableError } from '@spillway/core'
import { type Document, parseDocument } from 'yaml'
import { examineConfig, readConfigText, type ServeConfig } from '../configuration/config.js'
import { parseConfigText } from '../problems/config-text.js'
import { configError, type PlacedProblem } from '../problems/placed-problems.js'
import { withFileLock } from './file-lock.js'
import { changedText, plainText, printedLike } from './layout.js'
import { replaceFile } from './replace-file.js'
import { hasAliases, writtenOut } from './written-out.js'

interface Edited<Result> {
  readonly result: Result
  /** False where the file says already what it should. */
  readonly changed: boolean
}

/** What was done, and what the file says now, or would say. */
export interface EditedConfig<Result> extends Edited<Result> {
  readonly config: ServeConfig
}

export interface EditOptions {
  /** Says what would be done, and leaves the file. */
  readonly dryRun?: boolean | undefined
  /** Runs when the new text is known to be good, before it is written; what it throws leaves the file as it is. */
  readonly before?: () => Promise<void>
}

/** What changes a document; runs again when somebody else wrote the file meanwhile, so it must not remember. */
export type Edit<Result> = (document: Document, config: ServeConfig) => Edited<Result>

/** Somebody who writes the file each time we look is no editor. */
const ATTEMPTS = 10

/** Changes a configuration file; it is never seen half-written, and never holds what the server would not load. */
export async function editConfig<Result>(
  path: string,
  edit: Edit<Result>,
  { dryRun = false, before }: EditOptions = {},
): Promise<EditedConfig<Result>> {
  const file = await realFile(path)
  const folder = dirname(resolve(path))
  return withFileLock(file, async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const written = await readConfigText(file)
      const { text, ...edited } = editText(written, edit, { folder, path })
      if (dryRun || !edited.changed) return edited
      if (attempt === 0) await before?.()
      if (await replaceFile(file, { expected: written, text })) return edited
    }
    throw new TableError('CONFLICT', `${path} is written by somebody else again and again`)
  })
}

/** Links lead to the file that is replaced; they stay links. */
async function realFile(path: string): Promise<string> {
  // What cannot be read is told before a lock is laid beside it.
  await readConfigText(path)
  return realpath(path)
}

function editText<Result>(
  written: string,
  edit: Edit<Result>,
  context: { readonly folder: string; readonly path: string },
): EditedConfig<Result> & { readonly text: string } {
  const { config, problems } = examineConfig(written, context.folder)
  if (config === undefined) throw configError(context.path, problems)
  const plain = plainText(written)
  const before = printedLike(plain, parseDocument(plain))
  const { document, ...edited } = editedDocument(plain, edit, { config, path: context.path })
  if (!edited.changed) return { ...edited, config, text: written }
  const text = changedText(written, { before, after: printedLike(plain, document) })
  const after = examineConfig(text, context.folder)
  if (after.config === undefined) throw wrongArguments(after.problems, context.path)
  return { ...edited, config: after.config, text }
}

/** The file was good before: what is wrong now was said on the command line, and stands in no line of it. */
function wrongArguments(problems: readonly PlacedProblem[], path: string): TableError {
  const reasons = problems.map(problem => `${argumentOf(problem.path)}${problem.message}`)
  return new TableError('INVALID_REQUEST', reasons.join('; '), { context: { path } })
}

const ARGUMENTS: readonly (readonly [RegExp, string])[] = [
  [/^shares\[\d+\]\.name$/, 'the name of the share: '],
  [/\.schemas\[\d+\]\.name$/, 'the name of the schema: '],
  [/\.tables\[\d+\]\.name$/, 'the name of the table: '],
  [/\.tables\[\d+\]/, 'the table: '],
  [/\.volumes\[\d+\]\.name$/, 'the name of the volume: '],
  [/\.volumes\[\d+\]/, 'the volume: '],
  [/\.models\[\d+\]\.name$/, 'the name of the model: '],
  [/\.aliases\[\d+\]$/, 'the alias: '],
  [/\.models\[\d+\]/, 'the model: '],
  [/\.skills\[\d+\]\.name$/, 'the name of the skill: '],
  [/\.skills\[\d+\]/, 'the skill: '],
  [/\.skillFolders\[\d+\]/, 'the folder of skills: '],
  [/^recipients\[\d+\]\.name$/, 'the name of the recipient: '],
  [/\.tokens\[\d+\]\.label$/, 'the label of the token: '],
]

function argumentOf(path: string): string {
  return ARGUMENTS.find(([pattern]) => pattern.test(path))?.[1] ?? ''
}

/**
 * The document after the edit. What others share by an alias is not edited for all of them: aliases stay where the file then
 * says the same as one without them, else each is written out.
 */
function editedDocument<Result>(
  plain: string,
  edit: Edit<Result>,
  { config, path }: { readonly config: ServeConfig; readonly path: string },
): Edited<Result> & { readonly document: Document } {
  const shared = parseDocument(plain)
  if (!hasAliases(shared)) return { ...edit(shared, config), document: shared }
  const document = writtenOut(shared)
  if (!isDeepStrictEqual(document.toJS(), shared.toJS())) throw notWrittenOut(path)
  const edited = edit(document, config)
  const isKept = edited.changed && saysAs(document, shared, () => edit(shared, config))
  return { ...edited, document: isKept ? shared : document }
}

/** False also where an edit does not find its way through the aliases, or leaves one that leads nowhere. */
function saysAs(document: Document, shared: Document, edit: () => unknown): boolean {
  try {
    edit()
    const again = parseConfigText(shared.toString())
    return again.problems.length === 0 && isDeepStrictEqual(again.value, document.toJS())
  } catch {
    return false
  }
}

function notWrittenOut(path: string): TableError {
  return new TableError(
    'INVALID_REQUEST',
    'the configuration has aliases (*name) that cannot be edited one by one: write out what they stand for',
    { context: { path } },
  )
}
