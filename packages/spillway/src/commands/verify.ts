import { resolve } from 'node:path'
import { verifyDownload } from '@spillway/client/node'
import { writeJson } from '@spillway/core'
import { formatBytes, formatCount, formatPercent, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

export interface VerifyCommandOptions {
  readonly json?: boolean
}

/** `spillway verify DIR`: false where a file that was downloaded is missing or different. What else lies there is told alone. */
export async function verifyCommand(
  folder: string,
  options: VerifyCommandOptions,
  terminal: Terminal,
): Promise<boolean> {
  const found = await withProgress(terminal, `reading ${folder}`, progress =>
    verifyDownload(resolve(terminal.folder, folder), {
      signal: terminal.signal,
      onProgress: ({ bytes, bytesDone }) =>
        progress.say(
          `${formatBytes(bytesDone)} of ${formatBytes(bytes)} (${formatPercent(bytesDone, bytes)})`,
        ),
    }),
  )
  const { asset, same, verified, missing, different, extra } = found
  const ok = missing.length === 0 && different.length === 0
  if (options.json) {
    const lists = { missing: [...missing], different: [...different], extra: [...extra] }
    await writeLine(terminal.stdout, writeJson({ ok, asset, same, verified, ...lists }))
    return ok
  }
  const told = { missing, different, extra }
  for (const [state, paths] of Object.entries(told)) {
    for (const path of paths)
      await writeLine(terminal.stdout, `${state.padEnd(9)}  ${printable(path)}`)
  }
  const counts = Object.entries(told)
    .filter(([, paths]) => paths.length > 0)
    .map(([state, paths]) => `, ${formatCount(paths.length)} ${state}`)
  const digests = verified === same ? '' : ` (${formatCount(verified)} by the provider's digest)`
  const summary = `${printable(asset)}: ${formatCount(same, 'file')} as downloaded${digests}${counts.join('')}`
  await writeLine(terminal.stdout, summary)
  return ok
}
