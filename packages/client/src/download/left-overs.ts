import { readdir } from 'node:fs/promises'
import { pathFault } from '@spillway/assets'
import type { WireAssetFile } from '@spillway/protocol/wire'
import { readCheckedLines } from './disk/checked-lines.js'
import { type Destination, type Folder, PART_PREFIX, removeFrom } from './disk/destination.js'
import { readOwn } from './disk/own-file.js'
import { isUnfinished } from './disk/reserved-names.js'
import { type KnownFiles, partName } from './known-files.js'
import { MAX_JOURNAL_BYTES } from './part-journal.js'

/** Files of earlier downloads that the asset has no more. */
export function leftBehind(known: KnownFiles, listed: readonly WireAssetFile[]): readonly string[] {
  const paths = new Set(listed.map(({ path }) => path))
  return [...known.all].filter(({ path }) => !paths.has(path)).map(({ path }) => path)
}

interface Places {
  readonly destination: Destination
  readonly journals: Folder
  readonly known: KnownFiles
}

/** Unfinished files that the asset has no more: nobody will finish them. */
export async function removeOrphans(
  { destination, journals, known }: Places,
  listed: readonly WireAssetFile[],
): Promise<void> {
  const paths = new Set(listed.map(({ path }) => path))
  for (const name of await readdir(journals.place('.'))) {
    const path = await pathOf(journals, name)
    // The name says of which file it is: lines that say something else are not ours.
    if (path === undefined || partName(path) !== name || paths.has(path)) continue
    if (pathFault(path) !== undefined) continue
    const folder = await destination.folderOf(path, { create: false })
    await (folder && removeFrom(folder, PART_PREFIX + name))
    await folder?.release()
    await removeFrom(journals, name)
  }
  for (const path of known.begun) await removeParts({ destination, journals }, path)
  await known.settle()
}

/** Those without a journal: whoever wants such a file begins it again. */
async function removeParts(
  { destination, journals }: Pick<Places, 'destination' | 'journals'>,
  path: string,
): Promise<void> {
  // Somebody may have made another thing of a folder that the asset has no more.
  const found = destination.folder(path === '.' ? '' : path, { create: false })
  const folder = await found.catch(() => undefined)
  if (folder === undefined) return
  try {
    const kept = new Set(await readdir(journals.place('.')))
    for (const entry of await readdir(folder.place('.'), { withFileTypes: true })) {
      const { name } = entry
      const isPart = entry.isFile() && isUnfinished(name)
      if (isPart && !kept.has(name.slice(PART_PREFIX.length))) await removeFrom(folder, name)
    }
  } finally {
    await folder.release()
  }
}

/** Of which file a journal is; undefined of what is none: a pipe, a link, something large. */
async function pathOf(journals: Folder, name: string): Promise<string | undefined> {
  const options = { path: `${journals.path}/${name}`, maxBytes: MAX_JOURNAL_BYTES }
  const bytes = await readOwn(journals.place(name), options).catch(() => undefined)
  const path = bytes && readCheckedLines(bytes).values[0]?.path
  return typeof path === 'string' ? path : undefined
}
