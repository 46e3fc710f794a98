export function foldersNamedIn(text: string, isHeld: (path: string) => boolean): readonly string[]
export function withWhereabouts(text: string, isHeld: (path: string) => boolean): string
export function unheldNamesOf(files: ReadonlyMap<string, Buffer>): readonly string[]
export function isIn(names: readonly string[], document: string, path: string): boolean
