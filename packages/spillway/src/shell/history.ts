import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Terminal } from '../terminal/terminal.js'

const LINES_KEPT = 1000

/** Where lines are remembered (XDG Base Directory: state); undefined where there is no home. */
export function historyPath({ environment }: Pick<Terminal, 'environment'>): string | undefined {
  const { XDG_STATE_HOME, HOME, USERPROFILE } = environment
  const home = HOME ?? USERPROFILE
  if (XDG_STATE_HOME) return join(XDG_STATE_HOME, 'spillway', 'history')
  return home === undefined ? undefined : join(home, '.local', 'state', 'spillway', 'history')
}

/** Lines typed before, the newest first, as `node:readline` keeps them. */
export async function readHistory(path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return []
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter(line => line !== '')
    .reverse()
}

/** Literals of a query may be private: nobody else reads the file. A disk that refuses costs no query. */
export async function writeHistory(
  path: string | undefined,
  newestFirst: readonly string[],
): Promise<void> {
  if (path === undefined) return
  const lines = newestFirst.slice(0, LINES_KEPT).reverse()
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    .then(() => writeFile(path, lines.map(line => `${line}\n`).join(''), { mode: 0o600 }))
    .catch(() => undefined)
}
