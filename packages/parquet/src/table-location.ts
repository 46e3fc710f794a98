import { type ObjectMeta, type ObjectStore, TableError, type TableSource } from '@spillway/core'

/** A directory, or a pattern over the files below one. */
export interface TableLocation {
  /** Ends in a slash. */
  readonly folder: string
  /** Over paths relative to `folder`; absent: every data file. */
  readonly pattern?: RegExp
}

/** A Parquet file and its path relative to the table. */
export interface ListedFile extends ObjectMeta {
  readonly relative: string
}

export function tableLocation({ location }: TableSource): TableLocation {
  const glob = /[*?[{]/.exec(location)
  if (glob === null) return { folder: location.endsWith('/') ? location : `${location}/` }
  const folder = location.slice(0, location.lastIndexOf('/', glob.index) + 1)
  return { folder, pattern: globPattern(location.slice(folder.length)) }
}

/**
 * The folders that a source lies in, for whoever lets nothing else be read. Where its format is not known, a location with
 * such a mark is a pattern over files, or the strange name of a table of another format.
 */
export function locationFolders({ location, format }: TableSource): readonly string[] {
  const { folder, pattern } = tableLocation({ location })
  if (pattern === undefined || (format !== undefined && format !== 'parquet')) return [location]
  return format === undefined ? [location, folder] : [folder]
}

/** `*` and `?` within a name, `**` over folders, `[abc]` and `{a,b}`. */
function globPattern(glob: string): RegExp {
  const tokens = glob.match(/\*\*\/?|[*?{},]|\[[^\]]*\]|[^*?{},[]+|\[/g) ?? []
  const text = tokens.map(token => {
    if (token === '**/') return '(?:.*/)?'
    if (token === '**') return '.*'
    if (token === '*') return '[^/]*'
    if (token === '?') return '[^/]'
    if (token === '{') return '(?:'
    if (token === '}') return ')'
    if (token === ',') return '|'
    if (/^\[.+\]$/.test(token)) return token.replace(/^\[!/, '[^')
    return token.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  })
  try {
    return new RegExp(`^${text.join('')}$`)
  } catch (cause) {
    throw new TableError('INVALID_REQUEST', `'${glob}' is no pattern over file names`, { cause })
  }
}

/** Data files in byte order of path. What other tools hide is hidden: names that begin with `.` or `_`. */
export async function* listDataFiles(
  store: ObjectStore,
  { folder, pattern }: TableLocation,
  { signal, inner }: { readonly signal?: AbortSignal | undefined; readonly inner?: Set<string> },
): AsyncGenerator<ListedFile> {
  for await (const file of store.list(folder, { signal })) {
    const relative = file.path.slice(folder.length)
    const table = innerTable(relative)
    if (table !== undefined) inner?.add(table)
    if (isHidden(relative) || !isDataFile(relative)) continue
    if (pattern === undefined || pattern.test(relative)) yield { ...file, relative }
  }
}

/** The folder of a table of a format of its own that a file is the log of, relative to the folder that was listed. */
function innerTable(relative: string): string | undefined {
  return /^(.+\/)(?:_delta_log\/|\.hoodie\/|metadata\/[^/]+\.metadata\.json$)/.exec(relative)?.[1]
}

/**
 * Refuses files of a table with a log of its own: that says which of them are the table's, and which rows of them are deleted.
 * `inner` are the folders of such tables.
 */
export function refuseTables(
  files: readonly ListedFile[],
  inner: ReadonlySet<string>,
  { folder }: TableLocation,
): void {
  const table = tableAmong(files, inner)
  if (table === undefined) return
  throw new TableError(
    'INVALID_REQUEST',
    'expected Parquet files of one table, found the folder of a table that has a log of its own: share that folder by itself',
    { context: { path: folder + table } },
  )
}

/** The first of `inner` that holds one of `files`. */
function tableAmong(files: readonly ListedFile[], inner: ReadonlySet<string>): string | undefined {
  if (inner.size === 0) return undefined
  for (const { relative } of files) {
    for (let end = relative.indexOf('/'); end >= 0; end = relative.indexOf('/', end + 1)) {
      const folder = relative.slice(0, end + 1)
      if (inner.has(folder)) return folder
    }
  }
  return undefined
}

/** A folder of a partition column may begin with an underscore: `_day=1/`. */
function isHidden(relative: string): boolean {
  return relative
    .split('/')
    .some(name => name.startsWith('.') || (name.startsWith('_') && !name.includes('=')))
}

/** Named as Parquet, or without an extension, as Hive writes them. */
function isDataFile(relative: string): boolean {
  const name = relative.slice(relative.lastIndexOf('/') + 1)
  return /\.(parquet|parq|pq)$/i.test(name) || (name !== '' && !name.includes('.'))
}
