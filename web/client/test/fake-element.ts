/** Stands for the element, whose own tests are elsewhere: it keeps the options that a kit gives it. */
import type { ChatKitOptions, HostedApiConfig } from '@openai/chatkit';

export class FakeElement extends HTMLElement {
  readonly given: ChatKitOptions[] = [];

  setOptions(options: ChatKitOptions): void {
    this.given.push(options);
  }

  get options(): ChatKitOptions {
    const options = this.given.at(-1);
    if (options === undefined) throw new Error('no options were set');
    return options;
  }

  getClientSecret(current: string | null): Promise<string> {
    return (this.options.api as HostedApiConfig).getClientSecret(current);
  }
}

export function defineFakeElement(): void {
  customElements.define('openai-chatkit', FakeElement);
}

export function chats(): FakeElement[] {
  return [...document.querySelectorAll('openai-chatkit')] as FakeElement[];
}

/** Waits until it holds, for two seconds at most. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 2000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`still not: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
