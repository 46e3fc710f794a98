/** A text of the table in a refusal: whoever wrote it decides how long it is, and it goes to whoever asks. */
export function shownText(text: string, most = MOST_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}

const MOST_CHARACTERS = 200

/** The most characters of a sentence that names several texts. */
export const SENTENCE_CHARACTERS = 600
