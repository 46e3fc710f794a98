export { type AskedMcp, type McpAnswering, mcpAnswering } from './mcp-answering.js'
export type { McpServerInfo } from './skills-server.js'
