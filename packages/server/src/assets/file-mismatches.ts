import { z } from 'zod'
import { jsonBody } from '../http/json-body.js'
import { readBody } from '../http/read-body.js'
import { jsonResponse } from '../http/respond.js'
import type { RequestContext } from '../requests/request-context.js'
import { assetFilesOf, urlFolder } from './asked-folder.js'

const mismatchBody = z.object({
  path: z.string().min(1).max(4096),
  etag: z.string().max(1024).nullish(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

const MAX_BODY_BYTES = 16 * 1024

/**
 * POST …/file-mismatches: a recipient got other bytes of a file than its digest says. Answered before anything is read for it; the
 * provider finds it in the log, whether the file is read again or not.
 */
export async function fileMismatches(context: RequestContext): Promise<Response> {
  const { request, limits, record } = context
  const text = await readBody(request, Math.min(limits.bodyBytes, MAX_BODY_BYTES))
  const expected =
    '{"path": "…", "etag": "…", "sha256": "…"}: the path and etag as they are listed, the second if there is one, and the SHA-256 of what came in lower-case hexadecimal'
  const { path, sha256, etag } = jsonBody(text, mismatchBody, { expected })
  const folder = await urlFolder(context)
  const mismatch = { path, sha256, etag: etag ?? undefined }
  const isReadAgain = assetFilesOf(context).doubt?.(folder, mismatch) ?? false
  record.mismatch = { ...mismatch, isReadAgain }
  return jsonResponse({ path, isReadAgain }, { status: 202 })
}
