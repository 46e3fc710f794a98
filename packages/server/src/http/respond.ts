const JSON_TYPE = 'application/json; charset=utf-8'

/** One compact line: a client reads only the first line of a list. */
import { type WritableJson, writeJson } from '@spillway/core'
export function jsonResponse(
  body: WritableJson,
  init: { readonly status?: number } = {},
): Response {
  return new Response(writeJson(body), {
    status: init.status ?? 200,
    headers: { 'content-type': JSON_TYPE },
  })
}

export function emptyResponse(headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { status: 200, headers: { ...headers } })
}
