import { type WritableJson, writeJson } from '@spillway/core'
import { UNPRINTABLE } from './format-table.js'

/**
 * JSON on one line, for a terminal as well as for a program: controls and marks of direction, which names of others may hold,
 * are escaped. Whoever parses it has every character as it was.
 */
export function shownJson(value: WritableJson): string {
  return escapedJson(writeJson(value))
}

/** The same of a text that is JSON already: outside of its strings nothing is escaped. */
export function escapedJson(json: string): string {
  return json.replace(
    UNPRINTABLE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
