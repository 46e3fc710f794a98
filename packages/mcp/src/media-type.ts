import { mediaTypeOf } from '@spillway/assets'

/** Of a file in a skill, by the ending of its name. Elsewhere `.ts` may be a film; here it is a program. */
export function resourceType(path: string): string {
  if (/[^/]\.ts$/i.test(path)) return 'text/typescript'
  return mediaTypeOf(path) ?? 'application/octet-stream'
}
