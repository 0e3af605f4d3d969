/**
 * The page of official-react.test.ts: `@openai/chatkit-react` as npm has it, in strict mode. The test renders it with
 * options of its own through `window.official`; what the handlers are told is in `heard`.
 */
import { ChatKit, useChatKit, type ChatKitOptions, type UseChatKitOptions, type UseChatKitReturn } from '@openai/chatkit-react';
import { StrictMode, useLayoutEffect } from 'react';
import { createRoot } from 'react-dom/client';

type Handlers = Required<Omit<UseChatKitOptions, keyof ChatKitOptions>>;

interface Heard {
  handler: keyof Handlers;
  /** An error by its message alone, which can be handed to the test. */
  detail: unknown;
}

export interface Official {
  /** Shows the chat under these options, or goes on under them. */
  render(options: ChatKitOptions): void;
  /** Takes the chat off the page. The component that called the hook stays. */
  hide(): void;
  /** Takes everything off the page. */
  unmount(): void;
  /** What the hook returned last. */
  hook: UseChatKitReturn;
  heard: Heard[];
  /** Every handler that the declarations name. */
  handlers: string[];
  /** What the functions that a test gave were called with. */
  calls: unknown[][];
  /** For those functions: writes a call down. */
  call(...args: unknown[]): void;
}

declare global {
  interface Window {
    official: Official;
  }
}

const heard: Heard[] = [];
const calls: unknown[][] = [];
const hear = (handler: keyof Handlers) => (detail?: unknown) => {
  const error = (detail as { error?: Error } | undefined)?.error;
  heard.push({ handler, detail: error === undefined ? (detail ?? null) : error.message });
};

const handlers: Handlers = {
  onReady: hear('onReady'),
  onError: hear('onError'),
  onEffect: hear('onEffect'),
  onDeeplink: hear('onDeeplink'),
  onResponseStart: hear('onResponseStart'),
  onResponseEnd: hear('onResponseEnd'),
  onHistoryOpen: hear('onHistoryOpen'),
  onHistoryClose: hear('onHistoryClose'),
  onThreadChange: hear('onThreadChange'),
  onThreadLoadStart: hear('onThreadLoadStart'),
  onThreadLoadEnd: hear('onThreadLoadEnd'),
  onToolChange: hear('onToolChange'),
  onLog: hear('onLog'),
};

function Page({ options, shown }: { options: ChatKitOptions; shown: boolean }) {
  const chat = useChatKit({ ...options, ...handlers });
  useLayoutEffect(() => {
    window.official.hook = chat;
  });
  return shown ? <ChatKit control={chat.control} style={{ display: 'block', height: 600 }} /> : <p>There is no chat now.</p>;
}

const root = createRoot(document.getElementById('root')!);
let current: ChatKitOptions;
const show = (shown: boolean) =>
  root.render(
    <StrictMode>
      <Page options={current} shown={shown} />
    </StrictMode>,
  );

window.official = {
  render: (options) => {
    current = options;
    show(true);
  },
  hide: () => show(false),
  unmount: () => root.render(null),
  hook: undefined as unknown as UseChatKitReturn,
  heard,
  handlers: Object.keys(handlers),
  calls,
  call: (...args) => void calls.push(args),
};
