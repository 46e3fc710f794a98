/**
 * Undefined of what is no URL. In place of `URL.canParse`, which in Node 20 and 22 says false of hosts with letters such as `ü` once
 * it was compiled.
 */
export function parsedUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

/** For errors: of a URL that is a secret, its host and port alone. */
export function hostOfUrl(url: string): string {
  return parsedUrl(url)?.host ?? 'an address that is no URL'
}
