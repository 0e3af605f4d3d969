'use client';
import type { OpenAIChatKit } from '@openai/chatkit';
import { ChatKit, useChatKit, type UseChatKitOptions } from '@openai/chatkit-react';
import { forwardRef, useEffect, useState, type CSSProperties, type ForwardedRef } from 'react';
import { ClientSecrets, Sessions, type ResolvedConfig } from '../../client/src/index.js';
import { useSettings, type ChatKitSettings } from './settings.js';
import { useLatest } from './useLatest.js';
import { useScript, type Loaded } from './useScript.js';

/** Every option and `on…` handler of ChatKit, beside what the widget takes itself. They win over the configuration. */
export interface ChatKitWidgetProps extends ChatKitSettings, Omit<UseChatKitOptions, 'api'> {
  /** What shall answer. Default: the configuration's, else the site's first workflow. */
  workflowId?: string | undefined;
  /** Who is chatting. The server believes it only from a caller who proves it: give `getToken`. */
  userId?: string | undefined;
  /** A session to continue, as a hook or your back end made it. In place of `workflowId` and `userId`. */
  sessionId?: string | undefined;
  /** On the button that loads a chat once more that could not be. Default: "Try again". */
  retryLabel?: string | undefined;
  className?: string | undefined;
  /** Default without `className` too: 600 px high, as wide as there is room. */
  style?: CSSProperties | undefined;
}

const SIZE: CSSProperties = { height: 600, width: '100%' };
const FILL: CSSProperties = { display: 'block', height: '100%', width: '100%' };

/** The chat. Its `ref` is the `<openai-chatkit>` with ChatKit's methods. */
export const ChatKitWidget = forwardRef<OpenAIChatKit, ChatKitWidgetProps>(function ChatKitWidget(props, ref) {
  const { workflowId, userId, sessionId, retryLabel, className, style, getToken, config, server, src, apiEndpoint, ...options } = props;
  const settings = useSettings({ getToken, config, server, src, apiEndpoint });
  const loaded = useScript(settings);
  const onError = useLatest(options.onError);
  useEffect(() => {
    if (loaded.error !== null) onError.current?.({ error: loaded.error });
  }, [loaded.error, onError]);

  const who = { workflowId: workflowId ?? loaded.config?.workflowId, userId, sessionId };
  return (
    <div className={className} style={style ?? (className === undefined ? SIZE : undefined)}>
      {loaded.error !== null && <Failure {...loaded} error={loaded.error} label={retryLabel} />}
      {loaded.error === null && loaded.config !== null && (
        // Another user or session is another chat.
        <Chat
          key={JSON.stringify([who, loaded.config.apiEndpoint])}
          who={who}
          config={loaded.config}
          getToken={settings.getToken}
          options={options}
          chatRef={ref}
        />
      )}
    </div>
  );
});

interface ChatProps {
  who: Pick<ChatKitWidgetProps, 'workflowId' | 'userId' | 'sessionId'>;
  config: ResolvedConfig;
  getToken: ChatKitSettings['getToken'];
  options: Omit<UseChatKitOptions, 'api'>;
  chatRef: ForwardedRef<OpenAIChatKit>;
}

function Chat({ who, config, getToken, options, chatRef }: ChatProps) {
  const token = useLatest(getToken);
  const [secrets] = useState(() => {
    const { sessionId, workflowId, userId } = who;
    const start = sessionId === undefined ? { begin: () => ({ workflowId, userId }) } : { sessionId };
    return new ClientSecrets(Sessions.at(config.apiEndpoint), start, () => token.current?.());
  });
  const { control } = useChatKit({
    ...configured(config, options),
    api: { getClientSecret: secrets.getClientSecret },
  });
  return <ChatKit control={control} ref={chatRef} style={FILL} />;
}

/** The options given in code, and below them what the configuration says. */
function configured(config: ResolvedConfig, options: ChatProps['options']): ChatProps['options'] {
  const { greeting, prompts, placeholder, theme, locale } = config;
  return {
    ...defined({ theme, locale }),
    ...defined(options),
    startScreen: { ...defined({ greeting, prompts }), ...defined(options.startScreen ?? {}) },
    composer: { ...defined({ placeholder }), ...defined(options.composer ?? {}) },
  };
}

/** Without the keys that are there and undefined: they would hide what lies below. */
function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

interface FailureProps extends Pick<Loaded, 'retry' | 'isRetrying' | 'failures'> {
  error: Error;
  label: string | undefined;
}

function Failure({ error, retry, isRetrying, failures, label = 'Try again' }: FailureProps) {
  return (
    <div role="alert">
      {/* A screen reader says what is new: the same words are a new paragraph. */}
      <p key={failures}>{error.message}</p>
      {/* `disabled` would take the focus away. */}
      <button type="button" aria-disabled={isRetrying} aria-busy={isRetrying} onClick={isRetrying ? undefined : retry}>
        {label}
      </button>
    </div>
  );
}

export default ChatKitWidget;
