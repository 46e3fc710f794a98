import { readFile, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { TableError } from '@spillway/core'
import { type Document, parseDocument } from 'yaml'
import { configError } from '../problems/placed-problems.js'
import { examineConfig, parseConfig, type ServeConfig } from '../serve/config.js'
import { withFileLock } from './file-lock.js'
import { changedText, layoutOf, plainText } from './layout.js'
import { replaceFile } from './replace-file.js'

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
      const written = await readFile(file, 'utf8')
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
  try {
    return await realpath(path)
  } catch (cause) {
    const message = `there is no configuration file ${path}: \`spillway init\` writes one, --config names another`
    throw new TableError('INVALID_REQUEST', message, { context: { path }, cause })
  }
}

function editText<Result>(
  written: string,
  edit: Edit<Result>,
  context: { readonly folder: string; readonly path: string },
): EditedConfig<Result> & { readonly text: string } {
  const { config, problems } = examineConfig(written, context.folder)
  if (config === undefined) throw configError(context.path, problems)
  const plain = plainText(written)
  const document = parseDocument(plain)
  const before = document.toString(layoutOf(plain))
  const edited = edit(document, config)
  if (!edited.changed) return { ...edited, config, text: written }
  const after = document.toString(layoutOf(plain))
  const text = changedText(written, { before, after })
  return { ...edited, config: parseConfig(text, context), text }
}
