import { type FolderName, parseAssetName, type SharingClient } from '@spillway/client'
import { printable } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { withNearest } from './list-shared.js'
import { directClient, type StoreOptions } from './store-options.js'

export interface ListFilesOptions extends StoreOptions {
  readonly kind?: FolderName['kind']
  readonly json?: boolean
}

/** `spillway ls PROFILE#share.schema.asset --files`: bytes, a tab and the path of each file, as they come. */
export async function listFiles(
  plain: SharingClient,
  name: string,
  { options, terminal }: { readonly options: ListFilesOptions; readonly terminal: Terminal },
): Promise<void> {
  const { signal, stdout } = terminal
  const client = directClient(plain, options)
  const { folder } = await withNearest(plain, name, {
    signal,
    work: () => client.asset(parseAssetName(name), { kind: options.kind, signal }),
  })
  for await (const { files, snapshotId } of client.files(folder, { signal })) {
    for (const { path, size, etag, sha256, lastModified } of files) {
      const line = options.json
        ? shownJson({ path, size, etag, sha256, lastModified, snapshotId })
        : `${size}\t${printable(path)}`
      await writeLine(stdout, line)
    }
  }
}
