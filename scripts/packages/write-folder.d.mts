export function writeFolder(folder: string, files: ReadonlyMap<string, string>): void
