import { writeJson } from '@spillway/core'
import { type ListedTable, type Listing, listTables, tableName } from '../recipient/list-tables.js'
import { openProfile } from '../recipient/open-profile.js'
import { parseSharePath } from '../recipient/share-path.js'
import { canvasOf } from '../terminal/canvas.js'
import { printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

export interface LsOptions {
  readonly tree?: boolean
  readonly json?: boolean
}

/** `spillway ls PROFILE[#share[.schema]]`: a tree for people, one name a line for scripts. */
export async function lsCommand(
  path: string,
  options: LsOptions,
  terminal: Terminal,
): Promise<void> {
  const { profile, name } = parseSharePath(path)
  const { client } = await openProfile(profile, terminal)
  const listing = await withProgress(terminal, 'listing tables', () =>
    listTables(client, name, terminal.signal),
  )
  const lines = options.json
    ? [listingJson(listing)]
    : (options.tree ?? terminal.stdout.isTTY === true)
      ? treeLines(listing, terminal)
      : listing.tables.map(table => printable(tableName(table)))
  for (const line of lines) await writeLine(terminal.stdout, line)
  if (listing.tables.length === 0 && !options.json) {
    terminal.stderr.write('spillway: no table is shared here yet\n')
  }
}

function listingJson({ shares, tables }: Listing): string {
  return writeJson({
    shares: [...shares],
    tables: tables.map(({ share, schema, name, accessModes }) => ({
      share,
      schema,
      name,
      accessModes: [...accessModes],
    })),
  })
}

interface Branch {
  readonly name: string
  readonly branches: Branch[]
}

function treeLines({ shares, tables }: Listing, terminal: Terminal): readonly string[] {
  const { style, unicode } = canvasOf(terminal)
  const [tee, corner, pipe, space] = unicode
    ? ['├─ ', '└─ ', '│  ', '   ']
    : ['|- ', '`- ', '|  ', '   ']
  const below = (branches: readonly Branch[], indent: string): readonly string[] =>
    branches.flatMap((branch, i) => {
      const last = i === branches.length - 1
      const line = `${style.dim(`${indent}${last ? corner : tee}`)}${printable(branch.name)}`
      return [line, ...below(branch.branches, `${indent}${last ? space : pipe}`)]
    })
  return treeOf(shares, tables).flatMap(share => [
    style.bold(style.cyan(printable(share.name))),
    ...below(share.branches, ''),
  ])
}

/** Shares, their schemas and their tables; a share without tables is one too. */
function treeOf(shares: readonly string[], tables: readonly ListedTable[]): readonly Branch[] {
  const roots: Branch[] = shares.map(name => ({ name, branches: [] }))
  const branchOf = (branches: Branch[], name: string): Branch => {
    const found = branches.find(each => each.name === name)
    if (found !== undefined) return found
    const made: Branch = { name, branches: [] }
    branches.push(made)
    return made
  }
  for (const { share, schema, name } of tables) {
    branchOf(branchOf(branchOf(roots, share).branches, schema).branches, name)
  }
  return roots
}
