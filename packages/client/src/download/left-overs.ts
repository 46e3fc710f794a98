import { readdir, readFile } from 'node:fs/promises'
import { pathFault } from '@spillway/assets'
import type { WireAssetFile } from '@spillway/protocol/wire'
import { readCheckedLines } from './disk/checked-lines.js'
import { type Destination, type Folder, PART_PREFIX, removeFrom } from './disk/destination.js'
import { type KnownFiles, partName } from './known-files.js'

/** Files of earlier downloads that the asset has no more. */
export function leftBehind(known: KnownFiles, listed: readonly WireAssetFile[]): readonly string[] {
  const paths = new Set(listed.map(({ path }) => path))
  return [...known.all].filter(({ path }) => !paths.has(path)).map(({ path }) => path)
}

/** Unfinished files that the asset has no more: nobody will finish them. */
export async function removeOrphans(
  { destination, journals }: { readonly destination: Destination; readonly journals: Folder },
  listed: readonly WireAssetFile[],
): Promise<void> {
  const paths = new Set(listed.map(({ path }) => path))
  for (const name of await readdir(journals.place('.'))) {
    const text = await readFile(journals.place(name)).catch(() => Buffer.alloc(0))
    const path = readCheckedLines(text).values[0]?.path
    // The name says of which file it is: lines that say something else are not ours.
    if (typeof path !== 'string' || partName(path) !== name || paths.has(path)) continue
    if (pathFault(path) !== undefined) continue
    const folder = await destination.folderOf(path, { create: false })
    await (folder && removeFrom(folder, PART_PREFIX + name))
    await folder?.release()
    await removeFrom(journals, name)
  }
}
