/** Words, numbers and moments: nothing that could be a secret in the wrong place. */
const PLAIN = /^(?:[a-z]{0,12}|[-+\d.:TZ ]{1,40})$/i

/**
 * What stands where something else was expected, for an error. Errors are in the provider's log too, where no token may be,
 * also not one that somebody sent as something else: what is no plain word or number is only counted.
 */
export function shownValue(text: string): string {
  return PLAIN.test(text) ? `'${text}'` : `a text of ${text.length} characters`
}
