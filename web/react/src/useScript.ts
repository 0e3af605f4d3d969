'use client';
import { useCallback, useEffect, useState } from 'react';
import { loadConfig, loadScript, resolveConfig, type ResolvedConfig } from '../../client/src/index.js';
import type { ChatKitSettings } from './settings.js';
import { useLatest } from './useLatest.js';

export interface Loaded {
  /** Null until the configuration was read. */
  config: ResolvedConfig | null;
  /** Why there can be no chat. */
  error: Error | null;
  retry: () => void;
}

/** Reads the configuration and loads the element's script. */
export function useScript(settings: ChatKitSettings): Loaded {
  const latest = useLatest(settings);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<Omit<Loaded, 'retry'>>({ config: null, error: null });
  // Objects are new with every render; what they say is not.
  const asked = JSON.stringify([settings.config, settings.server, settings.src, settings.apiEndpoint]);

  useEffect(() => {
    let wanted = true;
    const load = async () => {
      const config = resolveConfig(latest.current, await loadConfig(latest.current.config));
      if (wanted) setState({ config, error: null });
      await loadScript(config);
    };
    load().catch((error: unknown) => {
      if (wanted) setState({ config: null, error: error instanceof Error ? error : new Error(String(error)) });
    });
    return () => {
      wanted = false;
    };
  }, [asked, attempt, latest]);

  const retry = useCallback(() => {
    setState({ config: null, error: null });
    setAttempt((attempt) => attempt + 1);
  }, []);
  return { ...state, retry };
}
