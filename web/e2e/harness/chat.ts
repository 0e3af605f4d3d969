import type { ChatKitOptions } from '@openai/chatkit';
import type { Locator, Page } from 'playwright-core';

/** What `chatkit.error` says. */
export interface ToldError {
  message: string;
  code?: string;
  status?: number;
}

/** The chat on a page, as a visitor uses it: by what it says, and not by how it is made. */
export class Chat {
  readonly element: Locator;
  readonly composer: Locator;
  /** When the newest event came that the page had seen as it last told of one; what comes of anything done since is newer. */
  private heard = 0;

  constructor(readonly page: Page, selector = 'openai-chatkit') {
    this.element = page.locator(selector);
    this.composer = this.element.locator('[data-composer]');
  }

  /** Sets options: `T` is what cannot be sent as JSON, said as source text, such as `{onClientTool: '(call) => ({})'}`. */
  async configure(options: ChatKitOptions | Record<string, unknown>, functions: Record<string, string> = {}): Promise<void> {
    await this.element.evaluate(async (element, [options, functions]) => {
      await customElements.whenDefined('openai-chatkit');
      const whole = structuredClone(options) as Record<string, unknown>;
      for (const [path, source] of Object.entries(functions)) {
        const names = path.split('.');
        const last = names.pop()!;
        const holder = names.reduce((object, name) => (object[name] ??= {}) as Record<string, unknown>, whole);
        holder[last] = new Function(`return (${source})`)();
      }
      (element as HTMLElement & { setOptions(options: unknown): void }).setOptions(whole);
    }, [options, functions] as const);
    await this.composer.waitFor();
  }

  /** Calls a method of the element. */
  call(method: string, ...args: unknown[]): Promise<unknown> {
    return this.element.evaluate((element, [method, args]) => (element as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(...args), [method, args] as const);
  }

  /** Writes a message and sends it. */
  async say(text: string): Promise<void> {
    await this.composer.click();
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press('Enter');
  }

  /** Writes a message, sends it and waits for the whole answer. */
  async ask(text: string): Promise<void> {
    const answered = this.ended();
    await this.say(text);
    await answered;
  }

  /** Stops the answer, and leaves the focus and the pointer where they are. */
  async stop(): Promise<void> {
    await this.button('Stop').dispatchEvent('click');
  }

  /** What is in the clipboard, as somebody finds out who pastes it. */
  async pasted(): Promise<string> {
    const pasted = this.page.evaluate(() => new Promise<string>((resolve) =>
      addEventListener('paste', (event) => resolve(event.clipboardData!.getData('text/plain')), { capture: true, once: true })));
    await this.composer.click();
    await this.page.keyboard.press('Control+V');
    return pasted;
  }

  /** The end of the answer that is being given, or of the next one, when it is drawn. Call it before what ends it. */
  async ended(): Promise<void> {
    await this.next('chatkit.response.end');
    // The page is told first; words are drawn at every third frame.
    await this.element.evaluate(() => new Promise<void>((resolve) => {
      let frames = 4;
      const next = () => void (--frames === 0 ? resolve() : requestAnimationFrame(next));
      requestAnimationFrame(next);
    }));
  }

  /** The detail of the next event of this name, counted from this call. Call it before what causes it. */
  async next(name: string): Promise<unknown> {
    // The page hears of this call later than of a key that is pressed after it; the clock is the same. In the millisecond
    // of this call lies, too, what had been heard of before.
    const told = await this.element.evaluate((element, [name, since, heard]) => new Promise<{ detail: unknown; heard: number }>((resolve, reject) => {
      setTimeout(() => reject(new Error(`no ${name} came`)), 20_000);
      const tell = (detail: unknown) => {
        const error = (detail as { error?: Error } | null)?.error;
        const plain = error === undefined ? (detail ?? null) : { error: { message: error.message, code: (error as { code?: string }).code ?? null } };
        resolve({ detail: plain, heard: chatkitEvents.at(-1)?.at ?? 0 });
      };
      const past = chatkitEvents.find((event) => event.target === element && event.name === name && event.at >= since && event.at > heard);
      if (past !== undefined) tell(past.detail);
      else element.addEventListener(name, (event) => tell((event as CustomEvent<unknown>).detail), { once: true });
    }), [name, Date.now(), this.heard] as const);
    this.heard = Math.max(this.heard, told.heard);
    return told.detail;
  }

  /** Notes the errors that the page is told of from now on; what is returned reads them. */
  async errors(): Promise<() => Promise<ToldError[]>> {
    const told = await this.element.evaluateHandle((element) => {
      const errors: ToldError[] = [];
      element.addEventListener('chatkit.error', (event) => {
        const { error } = (event as CustomEvent<{ error: ToldError }>).detail;
        errors.push({ message: error.message, code: error.code, status: error.status });
      });
      return errors;
    });
    return () => told.jsonValue();
  }

  /** Does something, and waits for the event that comes of it, however soon it comes. */
  async during(name: string, act: () => Promise<unknown>): Promise<void> {
    const waiting = await this.element.evaluateHandle((element, name) => ({
      event: new Promise<void>((resolve) => element.addEventListener(name, () => resolve(), { once: true })),
    }), name);
    await act();
    await waiting.evaluate(({ event }) => event);
  }

  /** The items that are shown, newest last. */
  get items(): Locator {
    return this.element.locator('article.item');
  }

  get lastItem(): Locator {
    return this.items.last();
  }

  button(name: string | RegExp): Locator {
    return this.element.getByRole('button', { name });
  }
}

declare global {
  /** What `events.page.js` remembers. */
  var chatkitEvents: { name: string; target: EventTarget | null; detail: unknown; at: number }[];
}
