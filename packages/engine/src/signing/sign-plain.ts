import type { DataFile, UrlSigner } from '@spillway/core'
import type { FittedFile } from '../fitting/fitted-files.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import { tableWideNeeds } from '../recipient/table-wide.js'
import { type BatchContext, type SignedFile, signExact, signingOptions } from './sign-exact.js'

/**
 * Asked of a batch: true where every file of it goes out as it is, and with nothing beside it. Of such a file `makeExact`
 * gives the file itself, whatever else this answer could do.
 */
export function plainBatches(exact: ExactRows): (fitted: readonly FittedFile[]) => boolean {
  const fits = tableWideNeeds(exact.snapshot, exact.accepts).length === 0
  return fitted => fits && fitted.every(isPlain)
}

function isPlain({ file, misfit, view, isEmpty, split }: FittedFile): boolean {
  return (
    misfit === undefined &&
    view === undefined &&
    isEmpty === undefined &&
    split === undefined &&
    file.fileFormat === 'parquet' &&
    file.deletes.length === 0 &&
    file.logFiles.length === 0
  )
}

/** URLs for a batch of plain files, none of them there twice: nearly always one call to one signer, and no object a path. */
export async function signPlain(
  files: readonly DataFile[],
  context: BatchContext,
): Promise<readonly SignedFile[]> {
  const { roots, signerFor, metrics, waits } = context
  const paths: string[] = new Array(files.length)
  let signer: UrlSigner | undefined
  for (let i = 0; i < files.length; i++) {
    const { path } = files[i]!
    // The last look: what a table names lies in its roots.
    roots.check(path)
    const own = signerFor(path)
    signer ??= own
    if (own !== signer)
      return signExact(
        files.map(file => ({ file })),
        context,
      )
    paths[i] = path
  }
  if (signer === undefined) return []
  const { urls, expiresAt } = await metrics.timed('files.sign', () =>
    waits.for(signal =>
      signer.sign(paths, { ...signingOptions(context, signal), within: roots.folders }),
    ),
  )
  metrics.count('files.signed', paths.length)
  return files.map((file, i) => ({ file, url: urls[i]!, expiresAt }))
}
