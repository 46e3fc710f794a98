/** A text of the table in a refusal: whoever wrote it decides how long it is, and it goes to whoever asks. */
export function shownText(text: string, most = MOST_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}

const MOST_CHARACTERS = 200

/** Of a sentence that names several of them. */
export const SENTENCE_CHARACTERS = 600
