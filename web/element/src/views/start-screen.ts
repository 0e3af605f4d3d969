import type { StartScreenPrompt } from '@openai/chatkit';
import { html } from 'lit';
import { contentOf } from '../chat/composer';
import { icon } from './icon';
import type { View } from './view';

/** What is shown before anything was said. */
export function startScreen(view: View): unknown {
  const { options, locale } = view;
  const { greeting, prompts } = options.startScreen ?? {};
  return html`
    <div class="start">
      <h2 class="greeting" dir="auto">${greeting ?? locale.text('greeting')}</h2>
      <ul class="prompts">
        ${(prompts ?? []).map(
          (prompt) => html`<li>
            <button class="prompt" @click=${() => say(view, prompt)}>
              ${icon(prompt.icon)}<span dir="auto">${prompt.label}</span>
            </button>
          </li>`,
        )}
      </ul>
    </div>
  `;
}

function say({ session }: View, { prompt }: StartScreenPrompt): void {
  const content = contentOf(typeof prompt === 'string' ? { text: prompt } : { content: prompt });
  // The second of two quick clicks comes before the screen has gone.
  if (session.chat.isAnswering) return;
  const inference_options = session.composer.takeChoices();
  void session.chat.send({ content, attachments: [], inference_options });
}
