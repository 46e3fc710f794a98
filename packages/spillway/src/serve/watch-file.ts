import { stat } from 'node:fs/promises'

/**
 * Calls `changed` when the file is another than before. It is looked at once a second: editors and orchestrators
 * replace files and the folders above them, which file events miss.
 */
export function watchFile(path: string, changed: () => void, everyMs = 1000): { stop(): void } {
  let known: string | undefined
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    const seen = await fingerprint(path)
    looking = false
    if (seen === undefined) return
    if (known !== undefined && known !== seen) changed()
    known = seen
  }
  void look()
  const timer = setInterval(() => void look(), everyMs).unref()
  return { stop: () => clearInterval(timer) }
}

/** Undefined while it is missing: it is about to be replaced. */
async function fingerprint(path: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return undefined
  }
}
