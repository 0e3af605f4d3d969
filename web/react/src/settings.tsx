'use client';
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import type { Addresses, ChatKitConfig, GetToken } from '../../client/src/index.js';

/** Where the server is and who the user is. Everything may be left out on a page of the same origin. */
export interface ChatKitSettings extends Addresses {
  /** The signed-in user's token, such as Clerk's `getToken`. Without it visitors are anonymous. */
  getToken?: GetToken | undefined;
  /** The address of the configuration, or the configuration itself. Default: `/chatkit-config.json`. */
  config?: string | ChatKitConfig | undefined;
}

const Settings = createContext<ChatKitSettings>({});

/** Settings for every chat and hook below; their own win. */
export function ChatKitProvider({ children, ...settings }: ChatKitSettings & { children?: ReactNode }) {
  const { getToken, config, server, src, apiEndpoint } = useSettings(settings);
  const value = useMemo(
    () => ({ getToken, config, server, src, apiEndpoint }),
    [getToken, config, server, src, apiEndpoint],
  );
  return <Settings.Provider value={value}>{children}</Settings.Provider>;
}

/** What is given here, else what the provider above gives. */
export function useSettings(own: ChatKitSettings): ChatKitSettings {
  const above = useContext(Settings);
  return {
    getToken: own.getToken ?? above.getToken,
    config: own.config ?? above.config,
    server: own.server ?? above.server,
    src: own.src ?? above.src,
    apiEndpoint: own.apiEndpoint ?? above.apiEndpoint,
  };
}
