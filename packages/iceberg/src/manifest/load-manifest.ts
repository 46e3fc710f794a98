import { budgetsOf, isTableError, TableError } from '@spillway/core'
import { type AvroBlock, openAvroFile } from '@spillway/encoding'
import { entrySchema } from './entry-schema.js'
import { Manifest, type ManifestRequest, manifestBytes } from './manifest.js'
import { scanManifest } from './manifest-scan.js'

/** Loads and checks a manifest. */
export async function loadManifest(
  request: ManifestRequest,
  signal?: AbortSignal,
): Promise<Manifest> {
  const { store, path, expected } = request
  const bytes = await manifestBytes(store, path, signal)
  try {
    return await request.scans.run(() => readManifest(request, bytes))
  } catch (error) {
    if (!isTableError(error) || error.code !== 'TABLE_CORRUPT') throw error
    // Of another length than its manifest list says: cut on its way, perhaps. What copied tables say is no length at all.
    if (bytes.length === expected.length) throw error
    const again = await manifestBytes(store, path, signal)
    if (again.length === bytes.length) throw error
    return request.scans.run(() => readManifest(request, again))
  }
}

async function readManifest(request: ManifestRequest, bytes: Uint8Array): Promise<Manifest> {
  const { store, path, inherited, blocks } = request
  const file = await openAvroFile(bytes, path, budgetsOf(store))
  const schema = entrySchema(file)
  const inflate = (block: AvroBlock) => blocks.getLater(file, block)
  const columns = await scanManifest(file, schema, { inherited, inflate })
  const manifest = new Manifest(request, file, { fileSize: bytes.length, schema, columns })
  checkWhole(request, manifest.length, bytes.length)
  return manifest
}

/**
 * An Avro file cut between two blocks looks whole: what its manifest list says of it can tell. Its counts alone cannot,
 * since writers have counted wrongly both ways, and neither can its length, which tools that copy tables have left as
 * it was: a manifest is cut where it is shorter than it was and lists less than it did.
 */
function checkWhole({ path, expected }: ManifestRequest, files: number, length: number): void {
  const { liveFiles } = expected
  if (expected.length === undefined || expected.length <= length) return
  if (liveFiles !== undefined && liveFiles <= files) return
  const counted = liveFiles === undefined ? '' : ` and ${liveFiles} live files`
  const found = liveFiles === undefined ? '' : ` and ${files}`
  throw new TableError(
    'TABLE_CORRUPT',
    `expected a manifest of ${expected.length} bytes${counted}, found ${length}${found} (${path})`,
    { context: { path } },
  )
}
