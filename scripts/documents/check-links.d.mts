export function problemsOfLinks(path: string, root: string): readonly string[]
export function problemOfTarget(
  target: { readonly path: string; readonly anchor: string | undefined },
  root: string,
): string | undefined
