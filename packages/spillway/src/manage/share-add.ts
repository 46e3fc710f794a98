import { TableError } from '@spillway/core'
import { editConfig } from '../edit/edit-config.js'
import { grantShare } from '../edit/recipients.js'
import { listed, type SharedKind } from '../edit/shared-kinds.js'
import { addShare } from '../edit/shares.js'
import { printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, grantLines } from './manage-options.js'
import { type AddAssetOptions, shareAddAsset } from './share-add-asset.js'
import { type AddTableOptions, shareAddTable } from './share-add-table.js'

export interface ShareAddOptions extends AddTableOptions, AddAssetOptions {
  /** Found by the options that one kind alone has, else a table. */
  readonly kind?: SharedKind
}

/** `spillway share add LOCATION`: looks what lies there, reads it as the server and a recipient would, and adds it. */
export async function shareAddCommand(
  location: string | undefined,
  options: ShareAddOptions,
  terminal: Terminal,
): Promise<void> {
  const kind = kindOf(options)
  if (kind !== undefined && kind !== 'table') {
    return shareAddAsset({ kind, location }, options, terminal)
  }
  if (location !== undefined) return shareAddTable(location, options, terminal)
  if (kind !== undefined) throw refused('expected the location of a table')
  return addEmptyShare(options, terminal)
}

/** Which kinds have an option. */
const OF_KINDS = {
  format: ['table'],
  history: ['table'],
  digests: ['volume', 'model', 'skill', 'skill-folder'],
  version: ['model'],
  alias: ['model'],
  registry: ['model'],
  registeredName: ['model'],
  public: ['skill'],
} as const satisfies Partial<Record<keyof ShareAddOptions, readonly SharedKind[]>>

/** What was said, or what an option says that one kind alone has. */
function kindOf(options: ShareAddOptions): SharedKind | undefined {
  let { kind } = options
  for (const [option, kinds] of Object.entries(OF_KINDS)) {
    if (options[option as keyof typeof OF_KINDS] === undefined) continue
    const of: readonly SharedKind[] = kinds
    if (kind === undefined && of.length === 1) [kind] = of
    if (kind !== undefined && of.includes(kind)) continue
    const found = kind === undefined ? 'no --kind' : `--kind ${kind}`
    throw refused(`--${dashed(option)} is of a ${listed(of, 'or')}, found ${found}`)
  }
  return kind
}

function dashed(option: string): string {
  return option.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

async function addEmptyShare(options: ShareAddOptions, terminal: Terminal): Promise<void> {
  const { name } = options
  if (name === undefined) throw refused('expected a location, or --name for an empty share')
  const path = configPath(options, terminal)
  const { result, changed } = await editConfig(path, document => {
    const isNew = addShare(document, name)
    const granted = grantShare(document, options.recipient ?? [], name)
    return { result: { isNew, granted }, changed: isNew || granted.length > 0 }
  })
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = { changed, share: name, config: path, added: result.isNew, granted: result.granted }
  const what = result.isNew
    ? `added share ${printable(name)}`
    : `share ${printable(name)} is there already`
  const lines = [`${style.green('✓')} ${what}`, ...grantLines(result.granted)]
  await answer({ facts: { ...facts, granted: [...result.granted] }, lines }, options, terminal)
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
