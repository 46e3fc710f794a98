const JSON_TYPE = 'application/json; charset=utf-8'

/** One compact line: a client reads only the first line of a list. */
import { type WritableJson, writeJson } from '@spillway/core'
export function jsonResponse(
  body: WritableJson,
  init: { readonly status?: number } = {},
): Response {
  return jsonTextResponse(writeJson(body), init)
}

/** JSON that is a text already. */
export function jsonTextResponse(
  text: string,
  {
    status = 200,
    headers = {},
  }: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(text, { status, headers: { 'content-type': JSON_TYPE, ...headers } })
}

export function emptyResponse(headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { status: 200, headers: { ...headers } })
}
