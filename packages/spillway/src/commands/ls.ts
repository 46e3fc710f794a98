import { type ListFilesOptions, listFiles } from '../recipient/list-files.js'
import { listShared, type SharedListing } from '../recipient/list-shared.js'
import { tableName } from '../recipient/list-tables.js'
import { openProfile } from '../recipient/open-profile.js'
import { parseSharePath } from '../recipient/share-path.js'
import { canvasOf } from '../terminal/canvas.js'
import { printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

export interface LsOptions extends ListFilesOptions {
  readonly files?: boolean
  readonly tree?: boolean
  readonly json?: boolean
}

/** `spillway ls PROFILE[#share[.schema]]`: a tree for people, one name a line for scripts. With `--files` those of an asset. */
export async function lsCommand(
  path: string,
  options: LsOptions,
  terminal: Terminal,
): Promise<void> {
  const { profile, name } = parseSharePath(path)
  const { client } = await openProfile(profile, terminal)
  if (options.files) return listFiles(client, name, { options, terminal })
  const listing = await withProgress(terminal, 'listing what is shared', () =>
    listShared(client, name, terminal.signal),
  )
  const lines = options.json
    ? [listingJson(listing)]
    : (options.tree ?? terminal.stdout.isTTY === true)
      ? treeLines(listing, terminal)
      : nameLines(listing)
  for (const line of lines) await writeLine(terminal.stdout, line)
  if (listing.tables.length + listing.assets.length === 0 && !options.json) {
    terminal.stderr.write('spillway: nothing is shared here yet\n')
  }
}

/** Tables by their names alone; of others a tab and their kind behind it. */
function nameLines({ tables, assets }: SharedListing): readonly string[] {
  return [
    ...tables.map(table => printable(tableName(table))),
    ...assets.map(asset => `${printable(tableName(asset))}\t${asset.kind}`),
  ]
}

function listingJson({ shares, tables, assets }: SharedListing): string {
  const of = (wanted: string) =>
    assets
      .filter(({ kind }) => kind === wanted)
      .map(({ share, schema, name, description }) => ({ share, schema, name, description }))
  return shownJson({
    shares: [...shares],
    tables: tables.map(({ share, schema, name, accessModes }) => ({
      share,
      schema,
      name,
      accessModes: [...accessModes],
    })),
    volumes: of('volume'),
    models: of('model'),
    skills: of('skill'),
  })
}

interface Branch {
  readonly name: string
  /** What it is, where it is no table and no folder. */
  readonly kind?: string | undefined
  readonly branches: Branch[]
}

function treeLines(listing: SharedListing, terminal: Terminal): readonly string[] {
  const { style, unicode } = canvasOf(terminal)
  const [tee, corner, pipe, space] = unicode
    ? ['├─ ', '└─ ', '│  ', '   ']
    : ['|- ', '`- ', '|  ', '   ']
  const below = (branches: readonly Branch[], indent: string): readonly string[] =>
    branches.flatMap((branch, i) => {
      const last = i === branches.length - 1
      const line = `${style.dim(`${indent}${last ? corner : tee}`)}${printable(branch.name)}`
      const kind = branch.kind === undefined ? '' : `  ${style.dim(branch.kind)}`
      return [line + kind, ...below(branch.branches, `${indent}${last ? space : pipe}`)]
    })
  return treeOf(listing).flatMap(share => [
    style.bold(style.cyan(printable(share.name))),
    ...below(share.branches, ''),
  ])
}

/** Shares, their schemas and what is in them; a share without anything is one too. */
function treeOf({ shares, tables, assets }: SharedListing): readonly Branch[] {
  const roots: Branch[] = shares.map(name => ({ name, branches: [] }))
  const branchOf = (branches: Branch[], name: string): Branch => {
    const found = branches.find(each => each.name === name)
    if (found !== undefined) return found
    const made: Branch = { name, branches: [] }
    branches.push(made)
    return made
  }
  const schemaOf = ({ share, schema }: { readonly share: string; readonly schema: string }) =>
    branchOf(branchOf(roots, share).branches, schema).branches
  for (const table of tables) schemaOf(table).push({ name: table.name, branches: [] })
  for (const asset of assets) {
    schemaOf(asset).push({ name: asset.name, kind: asset.kind, branches: [] })
  }
  return roots
}
