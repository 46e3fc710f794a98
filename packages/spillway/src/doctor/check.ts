import { isTableError } from '@spillway/core'
import { errorJson } from '../terminal/error-json.js'

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** Works, and not for everybody. */
  readonly warning?: true
  readonly detail: string
}

export function failed(name: string, error: unknown): Check {
  const { code, message, context } = errorJson(error)
  const where = Object.entries(context).map(([key, value]) => `${key}: ${value}`)
  return {
    name,
    ok: false,
    detail: [isTableError(error) ? `${code}: ${message}` : message, ...where].join('; '),
  }
}
