export function problemsOfSite(folder: string, base: string): readonly string[]
