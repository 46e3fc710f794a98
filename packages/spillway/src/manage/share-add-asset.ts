import { dirname } from 'node:path/posix'
import { TableError } from '@spillway/core'
import { folderAddition } from '../adding/add-folder.js'
import { registryAddition, versionAddition } from '../adding/add-model.js'
import { skillFolderAddition } from '../adding/add-skill-folder.js'
import { type Addition, type Found, type Made, type Place, placeOf } from '../adding/addition.js'
import { type Own, ownFilesIn } from '../doctor/own-files.js'
import { editConfig } from '../edit/edit-config.js'
import { sameName } from '../edit/named-lists.js'
import { grantShare } from '../edit/recipients.js'
import type { SharedKind } from '../edit/shared-kinds.js'
import { nameInSkill } from '../readable/readable-asset.js'
import { printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, grantLines, type ManageOptions } from './manage-options.js'

export interface AddAssetOptions extends ManageOptions {
  readonly name?: string
  readonly digests?: boolean
  /** Of a skill: anybody may read it. */
  readonly public?: boolean
  /** Number of a version. */
  readonly version?: string
  readonly alias?: readonly string[]
  /** In place of a location, of a model. */
  readonly registry?: string
  readonly registeredName?: string
  readonly recipient?: readonly string[]
  /** False adds it unread. */
  readonly check?: boolean
}

interface Asked {
  readonly kind: Exclude<SharedKind, 'table'>
  readonly location: string | undefined
}

/** Reads a volume, a model, a skill or a folder of skills as the server and a recipient would, and adds it. */
export async function shareAddAsset(
  { kind, location }: Asked,
  options: AddAssetOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const at = { from: terminal.folder, folder: dirname(path) }
  const { signal } = terminal
  const time = { signal, hint: '; --no-check adds it unread' }
  const isRead = options.check !== false
  const { said, uri, addition } = await withProgress(terminal, `reading ${location ?? ''}`, () =>
    additionOf({ kind, location }, options, { path, at, time }),
  )
  const edit: Parameters<typeof editConfig<Edited>>[1] = (document, config) => {
    const made = addition.edit(document, config)
    const granted = grantShare(document, options.recipient ?? [], made.share)
    const changed = made.isNew || made.moved.length > 0 || granted.length > 0
    return { result: { made, granted }, changed }
  }
  const planned = await editConfig(path, edit, { dryRun: true })
  if (planned.result.made.isNew && uri !== undefined) {
    await refuseOwnFiles(uri, { config: planned.config, path })
  }
  const found =
    isRead && planned.result.made.isNew
      ? await withProgress(terminal, `reading ${said}`, () =>
          addition.read(planned.config, planned.result.made, time),
        )
      : undefined
  const { result, changed } = await editConfig(path, edit)
  await report({ ...result, changed, found, path, kind }, options, terminal)
}

interface Edited {
  readonly made: Made
  readonly granted: readonly string[]
}

interface Asking {
  readonly said: string
  /** Of a folder. */
  readonly uri?: string
  readonly addition: Addition
}

interface Around {
  /** Of the configuration. */
  readonly path: string
  readonly at: { readonly from: string; readonly folder: string }
  readonly time: Parameters<Addition['read']>[2]
}

async function additionOf(
  { kind, location }: Asked,
  options: AddAssetOptions,
  around: Around,
): Promise<Asking> {
  const { name: given, digests, alias = [], registry, registeredName } = options
  if (registry !== undefined) {
    refuseBeside(location, options)
    return { said: registry, addition: registryAddition({ given, registry, registeredName }) }
  }
  if (registeredName !== undefined) throw refused('--registered-name goes with --registry')
  if (location === undefined) {
    const or = kind === 'model' ? ', or --registry' : ''
    throw refused(`expected a location${or}: --kind ${kind} says what lies there`)
  }
  const place = placeOf(location, around.at)
  const asked = { said: location, uri: place.uri }
  switch (kind) {
    case 'model': {
      const version = versionOf(options.version)
      // Names of aliases are the same in any case; the first spelling is kept.
      const aliases = alias.filter((each, i) => alias.findIndex(a => sameName(a, each)) === i)
      const of = { place, given, version, aliases, digests }
      return { ...asked, addition: versionAddition(of) }
    }
    case 'skill-folder':
      return { ...asked, addition: skillFolderAddition({ place, given, digests }) }
    case 'volume':
      return { ...asked, addition: folderAddition({ kind, place, given, digests }) }
    case 'skill': {
      const ownName = await skillName(place, options, around)
      const of = { kind, place, given, ownName, digests, public: options.public }
      return { ...asked, addition: folderAddition(of) }
    }
  }
}

/** A skill is called as its front matter says, whatever its folder is called here. */
async function skillName(
  { uri }: Place,
  { name, check }: AddAssetOptions,
  { path, time }: Around,
): Promise<string | undefined> {
  if (check === false || (name?.split('.').length ?? 0) > 0) return undefined
  const unchanged = () => ({ result: undefined, changed: false })
  const { config } = await editConfig(path, unchanged, { dryRun: true })
  return nameInSkill(config, uri, time)
}

/** All files of a folder are shared, those that come later too: secrets are kept elsewhere. */
async function refuseOwnFiles(uri: string, own: Own): Promise<void> {
  const files = await ownFilesIn(uri, own)
  if (files.length === 0) return
  throw new TableError(
    'INVALID_REQUEST',
    `recipients would read ${files.join(' and ')}, which the server keeps for itself: share another folder, or move ${files.length === 1 ? 'it' : 'them'} out of this one`,
    { context: { location: uri } },
  )
}

function refuseBeside(location: string | undefined, options: AddAssetOptions): void {
  const { version, alias, digests } = options
  const others = [
    ...(location === undefined ? [] : ['a location']),
    ...(version === undefined ? [] : ['--version']),
    ...(alias === undefined ? [] : ['--alias']),
    ...(digests === undefined ? [] : ['--digests']),
  ]
  if (others.length === 0) return
  throw refused(
    `expected --registry or ${others.join(', ')}, not both: a registry has versions and aliases of its own`,
  )
}

function versionOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw refused(`--version expects a number from 1, found ${text}`)
}

interface Added extends Edited {
  readonly kind: SharedKind
  readonly changed: boolean
  readonly found: Found | undefined
  readonly path: string
}

async function report(added: Added, options: ManageOptions, terminal: Terminal): Promise<void> {
  const { kind, made, granted, changed, found, path } = added
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = {
    changed,
    kind,
    name: made.name,
    ...made.facts,
    config: path,
    added: made.isNew,
    moved: made.moved.map(({ alias, from }) => ({ alias, from: from ?? null })),
    granted: [...granted],
    found: found === undefined ? null : { ...found.facts, leftOut: [...found.leftOut] },
  }
  const told = found === undefined ? '' : `  ${found.text}`
  const lines = [
    `${style.green('✓')} ${made.isNew ? 'added' : 'shared already:'} ${style.bold(printable(made.name))}${told}`,
    ...made.moved.map(
      ({ alias, from }) =>
        `  alias ${printable(alias)}${from === undefined ? '' : `, which was version ${from}`}`,
    ),
    ...(found?.leftOut ?? []).map(text => `  ${style.yellow('!')} ${printable(text)}`),
    ...grantLines(granted),
    ...(changed ? [`  written to ${path}`] : []),
  ]
  await answer({ facts, lines }, options, terminal)
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
