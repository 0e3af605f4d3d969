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
  /** Whether it is being tried again; the error stays until it is known what came of that. */
  isRetrying: boolean;
  /** How often it has failed: the same words are said anew. */
  failures: number;
}

/** Reads the configuration and loads the element's script. */
export function useScript(settings: ChatKitSettings): Loaded {
  const latest = useLatest(settings);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<Omit<Loaded, 'retry'>>({ config: null, error: null, isRetrying: false, failures: 0 });
  // Objects are new with every render; what they say is not.
  const asked = JSON.stringify([settings.config, settings.server, settings.src, settings.apiEndpoint]);

  useEffect(() => {
    let wanted = true;
    const load = async () => {
      const config = resolveConfig(latest.current, await loadConfig(latest.current.config));
      if (wanted) setState((before) => ({ ...before, config }));
      await loadScript(config);
      if (wanted) setState((before) => ({ ...before, config, error: null, isRetrying: false }));
    };
    load().catch((thrown: unknown) => {
      if (!wanted) return;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      setState(({ failures }) => ({ config: null, error, isRetrying: false, failures: failures + 1 }));
    });
    return () => {
      wanted = false;
    };
  }, [asked, attempt, latest]);

  const retry = useCallback(() => {
    setState((before) => ({ ...before, isRetrying: true }));
    setAttempt((attempt) => attempt + 1);
  }, []);
  return { ...state, retry };
}
