export interface Trace {
  readonly files: readonly { readonly file: string; readonly caller: string | undefined }[]
  readonly calls: readonly (readonly [caller: string, file: string])[]
}

export interface Part {
  readonly room: string
  readonly files: readonly string[]
  readonly after: number
}

export interface Stop {
  readonly number: number
  readonly room: string
  readonly leads: readonly string[]
  readonly parts: readonly Part[]
}

export interface Stops {
  readonly stops: readonly Stop[]
  readonly bottom: readonly Part[]
}

export function stopsOf(trace: Trace): Stops

export interface Chain {
  readonly files: readonly string[]
}

export function roomsOfChain(chain: Chain): readonly string[]

export function problemsOf(
  tour: { readonly stops: readonly { readonly room: string }[]; readonly chain: Chain },
  limits: { readonly most: number; readonly returns: number },
): readonly string[]
