import { resolve } from 'node:path'
import { type FolderName, parseAssetName } from '@spillway/client'
import {
  type DownloadedFile,
  type DownloadProgress,
  type DownloadResult,
  downloadAsset,
  downloadSigned,
  type SignedDownload,
} from '@spillway/client/node'
import { TableError } from '@spillway/core'
import { cachePath } from '../file-cache/cache-options.js'
import { spareMarking } from '../processor/spare-marking.js'
import { withNearest } from '../recipient/list-shared.js'
import { openProfile } from '../recipient/open-profile.js'
import { parseSharePath } from '../recipient/share-path.js'
import {
  readTrust,
  signatureCheckJson,
  signatureCheckLines,
  type TrustOptions,
  unverifiedLine,
} from '../recipient/signature-trust.js'
import { directOptions, type StoreOptions } from '../recipient/store-options.js'
import { formatBytes, formatCount, printable } from '../terminal/format-table.js'
import { integerOf } from '../terminal/integer-of.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { transferText } from '../terminal/transfer-text.js'

export interface DownloadCommandOptions extends TrustOptions, StoreOptions {
  readonly to: string
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly kind?: FolderName['kind']
  readonly dryRun?: boolean
  readonly concurrency?: string
  readonly maxFiles?: string
  /** False: none. */
  readonly cache?: string | false
  readonly verify?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

/**
 * `spillway download PROFILE#share.schema.asset[@version] --to DIR`: false where a file is not there as it should be, or not as it
 * was signed.
 */
export async function downloadCommand(
  path: string,
  options: DownloadCommandOptions,
  terminal: Terminal,
): Promise<boolean> {
  const { profile, name } = parseSharePath(path)
  const asset = parseAssetName(name)
  const concurrency = boundedOf('--concurrency', options.concurrency, 256n)
  const maxFiles = boundedOf('--max-files', options.maxFiles, 100_000_000n)
  const trust = await readTrust(options, terminal)
  const cache = cachePath(options, terminal)
  const { client } = await openProfile(profile, terminal)
  spareMarking()
  const { include, exclude, kind, dryRun, verify, force } = options
  const text = transferText()
  const told = await withProgress(terminal, `listing ${printable(name)}`, progress =>
    withNearest(client, name, {
      signal: terminal.signal,
      work: async (): Promise<Partial<SignedDownload>> => {
        const asked = {
          to: resolve(terminal.folder, options.to),
          ...directOptions(options),
          ...{ include, exclude, kind, dryRun, verify, force, concurrency, maxFiles, cache },
          onProgress: (done: DownloadProgress) => progress.say(text(done)),
          signal: terminal.signal,
        }
        if (trust === undefined) return { download: await downloadAsset(client, asset, asked) }
        return downloadSigned(client, asset, { ...asked, trust })
      },
    }),
  )
  const lines = options.json ? [shownJson(toldJson(told))] : toldLines(told, options, terminal)
  for (const line of lines) await writeLine(terminal.stdout, line)
  const { download, signature } = told
  if (download?.cacheProblem !== undefined && !options.json) {
    const reason = printable(download.cacheProblem)
    terminal.stderr.write(`spillway: not all of it is kept in the cache: ${reason}\n`)
  }
  return (dryRun === true || download?.complete === true) && signature?.ok !== false
}

function boundedOf(option: string, text: string | undefined, most: bigint): number | undefined {
  const given = integerOf(option, text)
  if (given === undefined) return undefined
  if (given >= 1n && given <= most) return Number(given)
  throw new TableError('INVALID_REQUEST', `expected ${option} from 1 to ${most}, found ${given}`)
}

function toldJson({ download, signature }: Partial<SignedDownload>) {
  return {
    ...(download && resultJson(download)),
    ...(signature && { signature: signatureCheckJson(signature) }),
  }
}

function toldLines(
  { download, signature }: Partial<SignedDownload>,
  options: DownloadCommandOptions,
  terminal: Terminal,
): readonly string[] {
  const paths = download?.files.map(({ path }) => path) ?? []
  return [
    ...(download === undefined ? [] : resultLines(download, options, terminal)),
    ...(signature === undefined ? unverifiedLine(paths) : signatureCheckLines(signature)),
    ...(download === undefined ? ['nothing was fetched'] : []),
  ]
}

function resultJson(result: DownloadResult) {
  const { files, leftBehind, ...facts } = result
  return { ...facts, files: files.map(file => ({ ...file })), leftBehind: [...leftBehind] }
}

/** What was done, in a line, and each file that is not as one would think. */
function resultLines(
  { asset, files, bytesFetched, bytesCached, leftBehind, complete }: DownloadResult,
  { to, dryRun }: DownloadCommandOptions,
  terminal: Terminal,
): readonly string[] {
  const style = styleFor(terminal.stdout, terminal.environment)
  const of = (...states: readonly DownloadedFile['state'][]) =>
    files.filter(({ state }) => states.includes(state))
  const bytes = (some: readonly DownloadedFile[]) =>
    formatBytes(some.reduce((sum, { size }) => sum + size, 0))
  const planned = of('planned')
  const cached = bytesCached === 0 ? '' : `, ${formatBytes(bytesCached)} from the cache`
  if (dryRun) {
    return [
      ...planned.map(({ path, size }) => `${printable(path)}  ${style.dim(formatBytes(size))}`),
      style.dim(
        `${formatCount(planned.length, 'file')}, ${bytes(planned)} to fetch of ${bytes(files)}${cached}`,
      ),
    ]
  }
  const there = of('fetched', 'cached', 'unchanged')
  const unverified = there.filter(({ verified }) => !verified).length
  const details = [
    `${formatCount(there.length, 'file')}, ${bytes(there)}`,
    `${formatBytes(bytesFetched)} fetched${cached}`,
    unverified === 0
      ? 'all verified'
      : `${formatCount(unverified)} without a digest of the provider`,
  ]
  return [
    ...of('changing').map(({ path }) => `${printable(path)}  never held still: not downloaded`),
    ...of('reserved').map(
      ({ path }) => `${printable(path)}  left out: a download keeps such names for itself`,
    ),
    ...leftBehind.map(path => `${printable(path)}  is no longer of the asset: left where it is`),
    `${printable(asset)} in ${to}  ${style.dim(details.join(', '))}${complete ? '' : '  incomplete'}`,
  ]
}
