import { isTableError, type SkillContents, TableError } from '@spillway/core'
import { notFound } from '../access/not-found.js'
import { folderOfSkill } from '../access/shared-folder.js'
import { assetFilesOf } from '../assets/asked-folder.js'
import { isNotModified } from '../http/validated.js'
import type { RequestContext } from '../requests/request-context.js'
import { skillContents, visibleSkill } from './visible-skills.js'
import { forWhoever } from './well-known.js'

const TYPES = {
  'skill-md': 'text/markdown; charset=utf-8',
  archive: 'application/gzip',
} as const

/** The artifact of a skill that is `SKILL.md` alone. */
export async function skillMarkdown(context: RequestContext): Promise<Response> {
  return artifactOf(context, 'skill-md')
}

/** That of one with other files. */
export async function skillArchive(context: RequestContext): Promise<Response> {
  return artifactOf(context, 'archive')
}

async function artifactOf(
  context: RequestContext,
  type: SkillContents['artifact']['type'],
): Promise<Response> {
  const { share = '', schema = '', skill: name = '' } = context.params
  const skill = await visibleSkill(context, { share, schema, name })
  if (skill === undefined) throw missing(context)
  const { record, request } = context
  Object.assign(record, { share: skill.share, schema: skill.schema, asset: `skill ${skill.name}` })
  const contents = await skillContents(context, skill)
  if (contents.artifact.type !== type) throw missing(context)
  const etag = `"${contents.artifact.sha256}"`
  const isKnown = isNotModified(request, etag)
  if (isKnown || request.method === 'HEAD') {
    const headers = isKnown ? { etag } : headersOf(contents, skill.name)
    return forWhoever(context, new Response(null, { status: isKnown ? 304 : 200, headers }))
  }
  const parts = assetFilesOf(context).skillArtifact(folderOfSkill(skill), contents, context.signal)
  // The first part before the status: a fault by then is a refusal.
  const iterator = parts[Symbol.asyncIterator]()
  const first = await iterator.next()
  const body = streamed(context, iterator, first)
  return forWhoever(context, new Response(body, { headers: headersOf(contents, skill.name) }))
}

function headersOf(
  { artifact: { type, size, sha256 } }: SkillContents,
  name: string,
): Readonly<Record<string, string>> {
  const file = type === 'skill-md' ? 'SKILL.md' : `${name}.tar.gz`
  return {
    etag: `"${sha256}"`,
    'content-type': TYPES[type],
    'content-length': String(size),
    // Made anew for each answer, and small: who wants a part is given all.
    'accept-ranges': 'none',
    'content-disposition': `attachment; filename="${file}"`,
    'x-content-type-options': 'nosniff',
  }
}

/** A stranger is told no more of a skill that is not theirs than of one that does not exist. */
function missing({ isStranger, params }: RequestContext): TableError {
  return isStranger
    ? new TableError('UNAUTHENTICATED', 'a bearer token is required: Authorization: Bearer …')
    : notFound('skill', params)
}

type Part = IteratorResult<Uint8Array, unknown>

/** An answer whose end is on record; one that breaks off is shorter than it said. */
function streamed(
  context: RequestContext,
  parts: AsyncIterator<Uint8Array, unknown>,
  first: Part,
): ReadableStream<Uint8Array> {
  const { record } = context
  let pending: Part | undefined = first
  const end = (outcome: 'complete' | 'failed' | 'cancelled') => {
    record.outcome = outcome
    context.finish()
  }
  context.streaming()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part = pending ?? (await parts.next())
          pending = undefined
          if (part.done === true) {
            end('complete')
            controller.close()
            return
          }
          record.firstByteMs ??= context.elapsedMs()
          record.bytesSent = (record.bytesSent ?? 0) + part.value.byteLength
          controller.enqueue(part.value)
        } catch (error) {
          record.error = error
          end(isTableError(error) && error.code === 'CANCELLED' ? 'cancelled' : 'failed')
          throw error
        }
      },
      async cancel() {
        end('cancelled')
        await parts.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
