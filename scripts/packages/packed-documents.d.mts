export function rewriteDocuments(
  folder: string,
  options: { readonly source: string; readonly repositoryUrl?: string | undefined },
): void
export function deadLinksOf(files: ReadonlyMap<string, Buffer>): readonly string[]
export function browsableUrl(repository: { readonly url?: string } | undefined): string | undefined
