import { TableError } from '@spillway/core'

/** Why a name is refused. A name may have several faults; the first found is told. */
export type PathFaultKind =
  | 'empty'
  | 'absolute'
  | 'dot-segment'
  | 'backslash'
  | 'drive'
  | 'colon'
  | 'control'
  | 'encoded'
  | 'device'
  | 'trailing'
  | 'too-long'
  | 'unpaired-surrogate'
  | 'duplicate'
  | 'twin'
  | 'folder-twin'
  | 'file-and-folder'

export interface PathFault {
  readonly kind: PathFaultKind
  /** A clause about the name, to stand behind it: `has a segment ".."`. */
  readonly reason: string
}

/** How a refusal is told. */
export interface PathRefusalOptions {
  /** `UNSUPPORTED_FEATURE` unless given; `INVALID_REQUEST` of names that a request holds. */
  readonly code?: 'UNSUPPORTED_FEATURE' | 'INVALID_REQUEST' | 'TABLE_CORRUPT' | undefined
  /** Where the name stands: `in model.safetensors.index.json`. */
  readonly where?: string | undefined
}

const SHOWN_CHARACTERS = 200

/** `name` between quotes, for people: what does not print is escaped, and a long one is cut. */
export function quotedName(name: string): string {
  const cut = name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}…` : name
  const escaped = JSON.stringify(cut).replace(
    /[\p{C}\u2028\u2029]/gu,
    character => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
  return escaped
}

/** The refusal of `path`, with its kind and the name as it may be printed in the context. */
export function pathRefusal(
  path: string,
  { kind, reason }: PathFault,
  { code = 'UNSUPPORTED_FEATURE', where }: PathRefusalOptions = {},
): TableError {
  const name = quotedName(path)
  const at = where === undefined ? '' : ` ${where}`
  return new TableError(
    code,
    `expected a file name that is safe on every system${at}, found ${name}, which ${reason}; the provider has to rename it`,
    { context: { path: name, fault: kind } },
  )
}
