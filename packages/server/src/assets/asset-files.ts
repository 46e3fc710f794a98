import type { AssetFile, SignedAssetFile, WritableJson } from '@spillway/core'
import { TableError } from '@spillway/core'
import { z } from 'zod'
import type { SharedFolder } from '../access/shared-folder.js'
import { maxResultsOf } from '../discovery/list-response.js'
import { audienceText } from '../downloads/file-audience.js'
import { notedBy } from '../downloads/note-signed.js'
import { jsonBody } from '../http/json-body.js'
import { readBody } from '../http/read-body.js'
import { jsonResponse } from '../http/respond.js'
import { validatedResponse } from '../http/validated.js'
import type { RequestContext } from '../requests/request-context.js'
import { assetFilesOf, urlFolder } from './asked-folder.js'

/** GET …/files: the files of a folder, all pages of one listing. */
export async function assetFiles(context: RequestContext): Promise<Response> {
  const folder = await urlFolder(context)
  const prefix = context.query.get('prefix') ?? ''
  const use = { kind: 'files', binding: bindingOf(context, folder, prefix) } as const
  const token = context.query.get('pageToken')
  const from =
    token === null || token === '' ? undefined : fromToken(context.tokens.open(use, token))
  const maxResults = maxResultsOf(context)
  const { snapshotId, files, next } = await assetFilesOf(context).list(folder, {
    // A page of nothing still proves that the folder is there.
    maxResults: Math.max(1, maxResults),
    prefix,
    from,
    asker: context.recipient.id,
    signal: context.signal,
  })
  const isEmpty = maxResults === 0
  const after = isEmpty && files.length > 0 ? (from?.after ?? 0) : next
  context.record.filesReturned = isEmpty ? 0 : files.length
  return validatedResponse(context.request, {
    items: isEmpty ? [] : files.map(wireFile),
    nextPageToken:
      after === undefined
        ? undefined
        : context.tokens.seal({ ...use, expiresInSeconds: context.limits.pageTokenSeconds }, [
            snapshotId,
            after,
          ]),
    snapshotId,
  })
}

/** Who may go on with a listing, of which folder as it is shared now. */
function bindingOf(
  { recipient }: RequestContext,
  { id, location }: SharedFolder,
  prefix: string,
): readonly string[] {
  return [recipient.id, id, location, prefix]
}

function fromToken(payload: unknown): { readonly snapshotId: string; readonly after: number } {
  const [snapshotId, after] = payload as readonly unknown[]
  return { snapshotId: String(snapshotId), after: Number(after) }
}

function wireFile(file: AssetFile): WritableJson {
  const { path, size, lastModified, etag, sha256, mediaType } = file
  return { path, size, lastModified, etag, sha256, mediaType }
}

/** Each is looked at by itself in its store. */
const MAX_PATHS = 1000
const MAX_SECONDS = 3600
/** Of a body: what else stands in it is little. */
const MAX_VALUES = MAX_PATHS + 100

/** One issue for a whole list: nobody is told of each of its items. */
const texts = z.custom<readonly string[]>(
  value =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(each => typeof each === 'string' && each !== ''),
)

const urlsBody = z.object({ paths: texts, expiresInSeconds: z.int().positive().nullish() })

/**
 * POST …/file-urls: signed URLs of files by their paths, with what is there now. Asked again where URLs have expired. A POST,
 * as what it answers must lie in no cache and no log.
 */
export async function assetFileUrls(context: RequestContext): Promise<Response> {
  const asked = parseBody(await readBody(context.request, context.limits.bodyBytes))
  const folder = await urlFolder(context)
  const to = { recipient: context.recipient, folder }
  const signed = await assetFilesOf(context).sign(folder, asked.paths, {
    expiresInSeconds: Math.min(asked.expiresInSeconds ?? MAX_SECONDS, MAX_SECONDS),
    audience: audienceText(to, context.audienceKey),
    signal: context.signal,
  })
  notedBy(context.signed, to)(signed)
  context.record.filesReturned = signed.length
  return jsonResponse({ items: signed.map(wireSigned) })
}

function parseBody(text: string): z.output<typeof urlsBody> {
  const expected = `{"paths": ["…"], "expiresInSeconds": 600}, ${MAX_PATHS} paths at most, the second if wanted`
  const body = jsonBody(text, urlsBody, { expected, mostValues: MAX_VALUES })
  if (body.paths.length <= MAX_PATHS) return body
  throw new TableError(
    'INVALID_REQUEST',
    `expected at most ${MAX_PATHS} paths in one request, found ${body.paths.length}`,
  )
}

function wireSigned({ url, expiresAt, ...file }: SignedAssetFile): WritableJson {
  const { path, size, etag, sha256, mediaType } = file
  return { path, url, expirationTimestamp: expiresAt, size, etag, sha256, mediaType }
}
