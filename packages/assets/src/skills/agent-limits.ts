import type { Skill, SkillWarning } from './skill.js'

/** Of what an agent reads whole when it takes a skill up, as agentskills.io recommends. */
const MAX_LINES = 500
const MAX_TOKENS = 5000
/** Letters of English and of code to a token; of other scripts a token is about one letter. */
const LETTERS_OF_A_TOKEN = 4

/** What agents put up with and are slowed by: a body that is longer than is recommended. Tokens are estimated, for every model has its own. */
export function skillSizeWarnings({ body }: Pick<Skill, 'body'>): readonly SkillWarning[] {
  const text = body.trim()
  const lines = text === '' ? 0 : text.split('\n').length
  const tokens = estimatedTokens(text)
  const over = [
    ...(lines > MAX_LINES ? [`${lines} lines, and ${MAX_LINES} are recommended at most`] : []),
    ...(tokens > MAX_TOKENS
      ? [`about ${tokens} tokens, and ${MAX_TOKENS} are recommended at most`]
      : []),
  ]
  const rest = 'what is not always needed belongs into files beside it'
  return over.map(message => ({ field: 'body', message: `it has ${message}: ${rest}` }))
}

function estimatedTokens(text: string): number {
  let [latin, other] = [0, 0]
  for (const letter of text) letter < '\u0250' ? latin++ : other++
  return Math.ceil(latin / LETTERS_OF_A_TOKEN) + other
}
