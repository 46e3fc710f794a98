export function sourceOf(url: string): string | undefined
