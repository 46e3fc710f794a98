export { type StdioOptions, serveSkillsOverStdio } from './serve-stdio.js'
