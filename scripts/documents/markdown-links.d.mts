export interface MarkdownLink {
  readonly whole: string
  readonly image: boolean
  readonly text: string
  readonly href: string
}

export function mapLinks(markdown: string, replace: (link: MarkdownLink) => string): string
export function linksIn(markdown: string): readonly MarkdownLink[]
export function isRelative(href: string): boolean
export function targetOf(
  href: string,
  from: string,
): { readonly path: string; readonly anchor: string | undefined }
export function anchorsIn(markdown: string): ReadonlySet<string>
export function slugOf(heading: string): string
