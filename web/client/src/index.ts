export { isCreatedSession, SessionError, type CreatedSession, type Session } from './answer.js';
export {
  CONFIG_URL,
  ConfigError,
  loadConfig,
  parseConfig,
  resolveConfig,
  type Addresses,
  type ChatKitConfig,
  type ResolvedConfig,
} from './config.js';
export { loadScript } from './script.js';
export { ClientSecrets } from './secrets.js';
export { Sessions, type GetToken, type NewSession } from './sessions.js';
