/** What JSON writes as it is: the visible characters of ASCII but `"` and `\`, of which nearly every URL is. */
const PLAIN = /^[!#-[\]-~]*$/

/** A text in JSON, as `JSON.stringify` has it: of a long plain one in a quarter of the time. */
export function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}
