import { rmSync } from 'node:fs'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isLeftBehind, makerTag } from '@spillway/core'

const SCRATCH = /^spillway-[0-9a-f]{16}-\d+-[0-9A-Za-z]{6}$/

/**
 * A new folder that nobody but this user can look into, for rows on their way. Whoever asked removes it; where the process
 * is killed before, `sweepScratch` does.
 */
export function scratchFolder(parent = tmpdir()): Promise<string> {
  return mkdtemp(join(parent, `spillway-${makerTag(machine())}-`))
}

/** A folder that does not outlive its process: removed with it, where nobody did before. */
interface HeldFolder {
  readonly path: string
  remove(): Promise<void>
}

/** What of this process is on the disk, for one listener to remove when it ends. */
const held = new Set<string>()

/** A new folder in `parent`, in which what killed processes left is removed first. */
export async function heldFolder(parent = tmpdir()): Promise<HeldFolder> {
  await sweepScratch(parent)
  const path = await scratchFolder(parent)
  if (held.size === 0) process.on('exit', removeHeld)
  held.add(path)
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true })
      held.delete(path)
      if (held.size === 0) process.off('exit', removeHeld)
    },
  }
}

function removeHeld(): void {
  for (const path of held) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // The process ends, and the next one tries again.
    }
  }
}

/** Removes the folders that killed processes left in `parent`. Gives how many. */
export async function sweepScratch(parent = tmpdir()): Promise<number> {
  const names = await readdir(parent).catch(() => [])
  let removed = 0
  for (const name of names.filter(each => SCRATCH.test(each))) {
    const path = join(parent, name)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || !found.isDirectory()) continue
    if (!isLeftBehind({ name, modifiedAt: found.mtimeMs }, machine())) continue
    // Another user's cannot be removed, and is that user's to sweep.
    const gone = await rm(path, { recursive: true }).then(
      () => true,
      () => false,
    )
    if (gone) removed++
  }
  return removed
}

function machine() {
  return { host: hostname(), self: process }
}
