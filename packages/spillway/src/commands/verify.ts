import { resolve } from 'node:path'
import {
  type VerifiedDownload,
  type VerifiedSigned,
  type VerifyOptions,
  verifyDownload,
  verifySigned,
} from '@spillway/client/node'
import {
  readTrust,
  signatureCheckJson,
  signatureCheckLines,
  type TrustOptions,
  unverifiedLine,
} from '../recipient/signature-trust.js'
import { formatBytes, formatCount, formatPercent, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

export interface VerifyCommandOptions extends TrustOptions {
  readonly json?: boolean
}

/**
 * `spillway verify DIR`: false where a file that was downloaded is missing or different, or not as it was signed. What else lies
 * there is told alone, unless a signature is asked for.
 */
export async function verifyCommand(
  folder: string,
  options: VerifyCommandOptions,
  terminal: Terminal,
): Promise<boolean> {
  const trust = await readTrust(options, terminal)
  const { download, signature } = await withProgress(
    terminal,
    `reading ${folder}`,
    async (progress): Promise<Verified> => {
      const at = resolve(terminal.folder, folder)
      const asked: VerifyOptions = {
        signal: terminal.signal,
        onProgress: ({ bytes, bytesDone }) =>
          progress.say(
            `${formatBytes(bytesDone)} of ${formatBytes(bytes)} (${formatPercent(bytesDone, bytes)})`,
          ),
      }
      if (trust !== undefined) return verifySigned(at, { ...asked, trust })
      return { download: await verifyDownload(at, asked) }
    },
  )
  const { asset, same, verified, missing, different, extra } = download
  const ok = missing.length + different.length === 0 && signature?.ok !== false
  if (options.json) {
    const facts = { ok, asset, same, verified }
    const lists = { missing: [...missing], different: [...different], extra: [...extra] }
    const signed = signature && { signature: signatureCheckJson(signature) }
    await writeLine(terminal.stdout, shownJson({ ...facts, ...lists, ...signed }))
    return ok
  }
  const told =
    signature === undefined
      ? unverifiedLine(download.files.map(({ path }) => path))
      : signatureCheckLines(signature)
  for (const line of [...downloadLines(download), ...told]) await writeLine(terminal.stdout, line)
  return ok
}

interface Verified extends Pick<VerifiedSigned, 'download'> {
  readonly signature?: VerifiedSigned['signature']
}

function downloadLines({
  asset,
  same,
  verified,
  missing,
  different,
  extra,
}: VerifiedDownload): readonly string[] {
  const told = Object.entries({ missing, different, extra })
  const counts = told
    .filter(([, paths]) => paths.length > 0)
    .map(([state, paths]) => `, ${formatCount(paths.length)} ${state}`)
  const digests = verified === same ? '' : ` (${formatCount(verified)} by the provider's digest)`
  return [
    ...told.flatMap(([state, paths]) =>
      paths.map(path => `${state.padEnd(9)}  ${printable(path)}`),
    ),
    `${printable(asset)}: ${formatCount(same, 'file')} as downloaded${digests}${counts.join('')}`,
  ]
}
