'use client';
export { ChatKitWidget, ChatKitWidget as default, type ChatKitWidgetProps } from './ChatKitWidget.js';
export { ChatKitProvider, type ChatKitSettings } from './settings.js';
export { useChatKitSession, type ChatKitSession, type ChatKitSessionSettings } from './useChatKitSession.js';
export { useChatSession, type ChatSession } from './useChatSession.js';
export {
  ConfigError,
  SessionError,
  type ChatKitConfig,
  type CreatedSession,
  type GetToken,
  type Session,
} from '../../client/src/index.js';
