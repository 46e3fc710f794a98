import { TableError } from '../errors/errors.js'
import type { TableSource } from './table-source.js'

export interface OutsideFiles {
  readonly files: number
  /** One of them. */
  readonly first: string
  /** The folders that they lie in. */
  readonly folders: Iterable<string>
}

const MOST_NAMED = 20

/**
 * Refuses files outside a table, with the line of the configuration that would let them in. Where they lie is for the
 * provider: on the wire that is cut out.
 */
export function outsideRefusal(
  source: TableSource,
  { files, first, folders }: OutsideFiles,
): TableError {
  const found = placesOf(folders, source.location).filter(place => place !== '')
  const named = [...(source.auxiliaryLocations ?? []), ...found.slice(0, MOST_NAMED)]
  const line = `auxiliaryLocations: [${named.map(yamlText).join(', ')}]`
  const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more places` : ''
  const some = files === 1 ? '1 file that lies' : `${files} files that lie`
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the table refers to ${some} outside its location; where they belong to it, add ${line}${more} to it (--auxiliary-location on the command line), or a rebase rule where the table was moved`,
    {
      context: {
        feature: 'files outside the table',
        files,
        path: first,
        location: source.location,
      },
    },
  )
}

/** A location as YAML takes it in a list: most need no quotes. */
function yamlText(location: string): string {
  return /^[\w./:@+=%~-]+$/.test(location) ? location : JSON.stringify(location)
}

/**
 * The deepest folders that hold all of `folders`: one for each bucket or disk, more where one would hold the table too or a
 * whole bucket. Partition folders are not places of their own.
 */
export function placesOf(folders: Iterable<string>, location: string): readonly string[] {
  const table = split(location)
  const byHead = new Map<string, (readonly string[])[]>()
  for (const folder of folders) {
    const { head, names } = split(folder)
    const partition = names.findIndex(name => name.includes('='))
    const group = byHead.get(head) ?? []
    group.push(partition < 0 ? names : names.slice(0, partition))
    byHead.set(head, group)
  }
  return [...byHead].flatMap(([head, all]) => {
    const own = plainHead(head) === plainHead(table.head) ? table.names : []
    return commonFolders(all, 0, own).map(names =>
      [head, ...names.map(name => `${name}/`)].join(''),
    )
  })
}

/** The deepest folders that hold all of them: up to `depth` their names are the same. */
function commonFolders(
  all: readonly (readonly string[])[],
  depth: number,
  own: readonly string[],
): readonly (readonly string[])[] {
  const first = all[0]!
  let end = depth
  while (end < first.length && all.every(names => names[end] === first[end])) end++
  const holdsTable = end < own.length && first.slice(0, end).every((name, i) => name === own[i])
  const isEnd = all.some(names => names.length === end)
  if (isEnd || (end > 0 && !holdsTable)) return [first.slice(0, end)]
  const byNext = new Map<string, (readonly string[])[]>()
  for (const names of all) byNext.set(names[end]!, [...(byNext.get(names[end]!) ?? []), names])
  return [...byNext.values()].flatMap(group => commonFolders(group, end, own))
}

/** Scheme and bucket, and the names below. */
function split(folder: string): { readonly head: string; readonly names: readonly string[] } {
  const head = /^(?:[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/[^/]*)?)?\/?/.exec(folder)![0]
  return {
    head,
    names: folder
      .slice(head.length)
      .split('/')
      .filter(name => name !== ''),
  }
}

function plainHead(head: string): string {
  return head.replace(/^file:\/+/i, '/')
}
